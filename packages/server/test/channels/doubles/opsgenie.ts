import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';
import { refusedBy } from './schema.js';

export const KEY = 'eb243592-faa2-4ba2-a551-1afdf565c889';

const source = z.string().max(100);
const alert = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().max(512),
  description: z.string().max(15_000),
  priority: z.enum(['P1', 'P2', 'P3', 'P4', 'P5']),
  entity: z.string().max(512),
  details: z
    .record(z.string(), z.string())
    .refine((details) => Object.entries(details).flat().join('').length <= 8_000, 'more than 8,000 characters'),
  tags: z.array(z.string().min(1).max(50)).max(20),
  source,
  responders: z
    .array(z.strictObject({ type: z.literal('team'), name: z.string() }))
    .max(50)
    .optional(),
});

const isKnown = (request: Request) => request.headers.get('authorization') === `GenieKey ${KEY}`;
const unknown = () => HttpResponse.json({ message: 'Could not authenticate' }, { status: 401 });
const accepted = () => HttpResponse.json({ result: 'Request will be processed', took: 0.1, requestId: '1' }, { status: 202 });

/** By plan and users; this is little. https://docs.opsgenie.com/docs/api-rate-limiting */
const LIMIT = { most: 60, perMs: 60_000 };

/** https://docs.opsgenie.com/docs/alert-api */
export const opsgenieDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  const limited = (): Response | undefined => {
    const waitMs = waitFor(KEY);
    const said = { message: 'You are making too many requests!', took: 0.001, requestId: '1' };
    return waitMs === undefined ? undefined : HttpResponse.json(said, tooMany(waitMs));
  };
  return [
    http.post('*/v2/alerts', async ({ request }) => {
      if (!isKnown(request)) return unknown();
      return limited() ?? (await refusedBy(alert, request, 422)) ?? accepted();
    }),
    http.post('*/v2/alerts/:alias/:action', async ({ request, params }) => {
      if (!isKnown(request)) return unknown();
      const isById = new URL(request.url).searchParams.get('identifierType') !== 'alias';
      if (isById || !/^(close|acknowledge)$/.test(String(params.action)))
        return HttpResponse.json({ message: 'not found' }, { status: 404 });
      return limited() ?? (await refusedBy(z.strictObject({ source }), request, 422)) ?? accepted();
    }),
  ];
};
