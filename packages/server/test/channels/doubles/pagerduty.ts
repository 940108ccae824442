import { HttpResponse, http } from 'msw';
import { z } from 'zod';
import { type Double, limiter, tooMany } from './limit.js';
import { refusedBy } from './schema.js';

export const KEY = 'R0123456789ABCDEFGHIJKLMNOPQRSTU'.slice(0, 32);
const MAX_BYTES = 512 * 1_024;

const common = { routing_key: z.literal(KEY), dedup_key: z.string().min(1).max(255) };
const trigger = z.strictObject({
  ...common,
  event_action: z.literal('trigger'),
  payload: z.strictObject({
    summary: z.string().min(1).max(1_024),
    source: z.string().min(1),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    timestamp: z.iso.datetime().optional(),
    component: z.string().optional(),
    group: z.string().optional(),
    class: z.string().optional(),
    custom_details: z.strictObject({
      description: z.string(),
      runbook_url: z.url().optional(),
      dashboard_url: z.url().optional(),
      labels: z.record(z.string(), z.string()),
    }),
  }),
  links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
  client: z.string().optional(),
  client_url: z.url().optional(),
});
const change = z.strictObject({ ...common, event_action: z.enum(['acknowledge', 'resolve']) });

/** Of an integration key. https://developer.pagerduty.com/docs/events-api-v2-overview */
const LIMIT = { most: 120, perMs: 60_000 };

/** https://developer.pagerduty.com/docs/send-alert-event */
export const pagerdutyDouble: Double = (options) => {
  const waitFor = limiter(LIMIT, options);
  return [
    http.post('*/v2/enqueue', async ({ request }) => {
      if ((await request.clone().arrayBuffer()).byteLength > MAX_BYTES)
        return HttpResponse.json({ status: 'invalid event' }, { status: 413 });
      const refused = await refusedBy(z.union([trigger, change]), request);
      if (refused) return refused;
      const waitMs = waitFor(KEY);
      if (waitMs === undefined)
        return HttpResponse.json({ status: 'success', message: 'Event processed', dedup_key: 'x' }, { status: 202 });
      return HttpResponse.json({ status: 'throttle exceeded', message: 'Too many requests' }, tooMany(waitMs));
    }),
  ];
};
