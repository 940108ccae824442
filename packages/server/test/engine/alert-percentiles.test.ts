import { describe, expect, it } from 'vitest';
import { type Alerted, look, toldOf, watching } from './alerts-support.js';
import type { WireWorker } from './support.js';

const SECOND = 1_000;

/** 40 of them, so that no two percentiles are the same one: p50 is the 20th, p95 the 38th, p99 the 40th. */
const COURSE = [
  { afterMs: SECOND, count: 36 },
  { afterMs: 4 * SECOND, count: 2 },
  { afterMs: 15 * SECOND, count: 2 },
] as const;
const ALL = COURSE.reduce((sum, { count }) => sum + count, 0);

/** Between each two of the times 1, 5 and 20 s, and those of which the figure is beyond it. */
const BETWEEN = [
  { threshold: 3 * SECOND, beyond: ['p95', 'p99'] },
  { threshold: 10 * SECOND, beyond: ['p99'] },
];

async function pulled(worker: WireWorker, count: number) {
  const jobs = await worker.pull({ maxJobs: count });
  expect(jobs).toHaveLength(count);
  return jobs;
}

/** All run at once, and end after 1, 5 and 20 s. */
async function run(a: Alerted, worker: WireWorker): Promise<void> {
  const jobs = await pulled(worker, ALL);
  for (const { afterMs, count } of COURSE) {
    await a.controlPlane.advance(afterMs);
    for (const job of jobs.splice(0, count)) await worker.ack(job);
  }
}

/** They wait for 1, 5 and 20 s, and run for no time. */
async function wait(a: Alerted, worker: WireWorker): Promise<void> {
  for (const { afterMs, count } of COURSE) {
    await a.controlPlane.advance(afterMs);
    for (const job of await pulled(worker, count)) await worker.ack(job);
  }
}

describe('percentiles that a rule looks at', () => {
  // Each seen to fail when p95 was read for p50, p99 for p95, and p50 for p99.
  it.each([
    ['run_time', run],
    ['pipeline_duration', run],
    ['queue_wait', wait],
    ['feedback', wait],
  ] as const)('%s: one that lies below a threshold begins no incident, one that lies above does', async (figure, course) => {
    const conditionOf = (percentile: 'p50' | 'p95' | 'p99', threshold: number) => ({
      metric: `${figure}_${percentile}_ms` as const,
      threshold,
      minSamples: ALL,
      windowMs: 300 * SECOND,
    });
    const { a, receiver } = await watching('threshold_crossed', conditionOf('p99', 60 * SECOND), { name: 'p99 above 60000' });
    const [channel] = (await a.call<{ items: { id: string }[] }>('GET', '/alerts/channels')).items;
    const wanted: string[] = [];
    for (const { threshold, beyond } of BETWEEN) {
      for (const percentile of ['p50', 'p95', 'p99'] as const) {
        const name = `${percentile} above ${threshold}`;
        const condition = conditionOf(percentile, threshold);
        await a.rule({ name, events: ['threshold_crossed'], channels: [channel?.id as string], condition });
        if (beyond.includes(percentile)) wanted.push(name);
      }
    }
    const worker = await a.worker(['h'], { concurrency: ALL });
    for (let made = 0; made < ALL; made++) await a.create({ stages: [{ name: 's', handler: 'h' }] });
    await course(a, worker);
    await look(a, 3);
    expect((await a.incidents()).map(({ rule }) => rule.name).sort()).toEqual(wanted.sort());
    await receiver.has(wanted.length);
    const told = toldOf(receiver).map(({ data }) => [data.labels.subject, Number(data.labels.value)]);
    const near = { p95: expect.closeTo(5 * SECOND, -2), p99: expect.closeTo(20 * SECOND, -3) }; // sketches are right within 1 %
    expect(told.sort()).toEqual([
      [`${figure}_p95_ms`, near.p95],
      [`${figure}_p99_ms`, near.p99],
      [`${figure}_p99_ms`, near.p99],
    ]);
  });
});
