import type { Principal } from '../use-cases.js';
import type { Notification } from './channel.js';

/** What a channel is sent when somebody tries it. */
export const testMessage = (
  { application }: Principal,
  { name }: { name: string },
  { id, now }: { id: string; now: number },
): Notification => ({
  id,
  action: 'test',
  dedupKey: id,
  incidentId: '0',
  event: 'pipeline_failed',
  severity: 'info',
  rule: 'test',
  application,
  title: `Test of the channel ${name}`,
  body: `Pipelogiq can reach this channel. It is what alerts of the application ${application} will look like.`,
  labels: { application },
  events: 1,
  startedAt: now,
  at: now,
  links: [],
});
