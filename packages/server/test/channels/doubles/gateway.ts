import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';

export const KEY = 'key-of-the-gateway';

const shape = z.strictObject({
  to: z.literal('+49'),
  n: z.number(),
  all: z.record(z.string(), z.string()),
  one: z.string().regex(/^\[.*\] \w+: /s),
  no: z.string(),
  text: z.string(),
});

/** Whatever the provider chose. */
const LIMIT = { most: 100, perMs: 1_000 };

/** Some provider that takes JSON of this shape, or a query. */
export const gatewayDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  const limited = (): Response | undefined => {
    const waitMs = waitFor(KEY);
    return waitMs === undefined ? undefined : HttpResponse.text('slow down', tooMany(waitMs));
  };
  return [
    http.put('*/send', async ({ request }) => {
      if (request.headers.get('x-api-key') !== KEY) return HttpResponse.text('who?', { status: 401 });
      const { error } = shape.safeParse(await request.json());
      if (error) return HttpResponse.text(error.message, { status: 422 });
      return limited() ?? HttpResponse.text('sent', { status: 207 });
    }),
    http.get('*/send', ({ request }) => {
      const { searchParams, hash } = new URL(request.url);
      const isWhole = [...searchParams.keys()].join() === 'key,text' && searchParams.get('key') === KEY && hash === '';
      return isWhole ? (limited() ?? HttpResponse.text('')) : HttpResponse.text('', { status: 400 });
    }),
  ];
};
