import type { Page, PipelineSummary, Schedule, ScheduleFiring, ScheduleSpec } from '@pipelogiq/protocol';
import { type Harness, harness } from './support.js';

export const time = (text: string): number => Date.parse(text);
export const DAILY: ScheduleSpec = { name: 'nightly', cron: '0 3 * * *', template: { name: 'report', stages: [{ name: 'a' }] } };

/** A server at a given time, and a schedule on it. */
export async function scheduled(spec: Partial<ScheduleSpec> = {}, now = '2030-01-01T02:59:50Z') {
  const h = await harness({ now: time(now) });
  return { ...h, ...waysOf(h), schedule: await h.call<Schedule>('POST', '/schedules', { ...DAILY, ...spec }) };
}

export const waysOf = ({ call }: Harness) => ({
  get: (id: string) => call<Schedule>('GET', `/schedules/${id}`),
  /** Oldest first. */
  pipelines: async () => (await call<Page<PipelineSummary>>('GET', '/pipelines?limit=200')).items.reverse(),
  fireTimes: async (id: string) =>
    (await call<Page<ScheduleFiring>>('GET', `/schedules/${id}/firings?limit=200`)).items.map(({ fireAt }) => fireAt).reverse(),
});
