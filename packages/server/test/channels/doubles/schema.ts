import { HttpResponse } from 'msw';
import type { z } from 'zod';

/** The answer of a provider to a body that breaks its schema; undefined when it keeps to it. */
export async function refusedBy(schema: z.ZodType, request: Request, status = 400): Promise<Response | undefined> {
  if (!request.headers.get('content-type')?.startsWith('application/json'))
    return HttpResponse.json({ message: 'no JSON' }, { status });
  const { error } = schema.safeParse(await request.json().catch(() => undefined));
  const [issue] = error?.issues ?? [];
  return issue && HttpResponse.json({ message: `${issue.path.join('.')}: ${issue.message}` }, { status });
}
