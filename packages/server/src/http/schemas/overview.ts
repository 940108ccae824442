import { z } from '@hono/zod-openapi';
import { count, optional, time } from './common.js';

const handler = z
  .object({ handler: z.string(), running: count, ready: count, oldestReadyAt: optional(time) })
  .openapi('OverviewHandler');

const pool = z
  .object({ pool: z.string(), workers: count, inFlight: count, slots: count, slotsUsed: count })
  .openapi('OverviewPool');

export const overview = z
  .object({
    at: time,
    stages: z.object({ running: count, ready: count, oldestReadyAt: optional(time), countedTo: count }),
    pipelines: z.object({ running: count, paused: count, notStarted: count, countedTo: count }),
    handlers: z.array(handler),
    workers: z.object({ online: count, onlineHourAgo: count, draining: count }),
    pools: z.array(pool),
    incidents: z.object({ open: count, acknowledged: count, muted: count }),
  })
  .openapi('Overview');
