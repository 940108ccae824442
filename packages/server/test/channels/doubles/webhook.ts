import { HttpResponse, http } from 'msw';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { NOW } from '../support.js';
import { type Double, limiter, tooMany } from './limit.js';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const time = z.iso.datetime();
const payload = z.strictObject({
  type: z.enum(['alert.trigger', 'alert.acknowledge', 'alert.resolve', 'alert.test']),
  timestamp: time,
  data: z.strictObject({
    incidentId: z.string(),
    dedupKey: z.string(),
    event: z.string(),
    severity: z.string(),
    rule: z.string(),
    application: z.string(),
    title: z.string().min(1),
    body: z.string(),
    labels: z.record(z.string(), z.string()),
    events: z.number(),
    startedAt: time,
    links: z.array(z.strictObject({ href: z.url(), text: z.string() })),
  }),
});

/** Verified as an author of a receiver would: by the package of the standard, which reads the clock. */
export function verify(secret: string, body: string, headers: Record<string, string>): unknown {
  const realNow = Date.now;
  Date.now = () => NOW;
  try {
    return new Webhook(secret).verify(body, headers);
  } finally {
    Date.now = realNow;
  }
}

/** Whatever its author chose. */
const LIMIT = { most: 100, perMs: 1_000 };

/** A receiver by https://github.com/standard-webhooks/standard-webhooks */
export const webhookDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/pipelogiq', async ({ request }) => {
      try {
        const body = verify(SECRET, await request.text(), Object.fromEntries(request.headers));
        const waitMs = waitFor(SECRET);
        if (waitMs !== undefined) return new HttpResponse(null, tooMany(waitMs));
        const { error } = payload.safeParse(body);
        return error ? HttpResponse.text(error.message, { status: 422 }) : new HttpResponse(null, { status: 204 });
      } catch (error) {
        return HttpResponse.text(String(error), { status: 401 });
      }
    }),
  ];
};
