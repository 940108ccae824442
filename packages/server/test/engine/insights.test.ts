import type { ErrorGroup, Insights, Page } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const insightsOf = (h: Harness, query = '') => h.call<Insights>('GET', `/observability/insights${query}`);
const errorsOf = (h: Harness, query = '') => h.call<Page<ErrorGroup>>('GET', `/observability/errors${query}`);

/** Runs one single-stage pipeline: it waits, and then takes its time. */
async function run(h: Harness, worker: Awaited<ReturnType<Harness['worker']>>, { name = 'orders', waitMs = 0, runMs = 0 } = {}) {
  const { id } = await h.create({ name, stages: [{ name: 'charge', handler: 'a' }] });
  if (waitMs > 0) await h.controlPlane.advance(waitMs);
  const job = await worker.one();
  if (runMs > 0) await h.controlPlane.advance(runMs);
  await worker.ack(job);
  return id;
}

/** What was measured is in pages now, and no delta is left. */
const folded = (h: Harness) => h.controlPlane.advance(6_000);

describe('insights', () => {
  it('tell how long stages waited and ran, and pipelines took, before and after what was measured is folded', async () => {
    const h = await harness();
    const worker = await h.worker();
    for (const runMs of [100, 200, 300, 400]) await run(h, worker, { waitMs: 50, runMs });
    const expected = {
      completed: 4,
      completedStages: 4,
      failureRate: 0,
      successRate: 1,
      flakyRate: 0,
      computeSeconds: 1,
      runTime: { count: 4, min: 100, max: 400, mean: 250 },
      queueWait: { count: 4, min: 50, max: 50, p99: 50 },
      duration: { count: 4, min: 150, max: 450 },
      feedback: { count: 4, min: 150, max: 450 },
    };
    const fresh = await insightsOf(h, '?range=1h');
    expect(fresh.summary).toMatchObject(expected);
    expect(fresh.points.map(({ completedStages, completedPipelines }) => [completedStages, completedPipelines])).toEqual([
      [4, 4],
    ]);
    await folded(h);
    const { summary, slowestStages, slowestPipelines, handlers, points, durations } = await insightsOf(h, '?range=1h');
    expect(summary).toMatchObject(expected);
    expect(points).toEqual(fresh.points);
    const runTime = slowestStages[0]?.runTime;
    expect(Math.abs((runTime?.p50 ?? 0) - 200)).toBeLessThanOrEqual(2);
    expect(slowestStages).toMatchObject([{ pipeline: 'orders', stage: 'charge', handler: 'a', completed: 4 }]);
    expect(slowestPipelines).toMatchObject([{ pipeline: 'orders', completed: 4, successRate: 1 }]);
    expect(handlers).toMatchObject([{ handler: 'a', completed: 4 }]);
    expect(durations.find(({ upToMs }) => upToMs === 1_000)).toEqual({ upToMs: 1_000, count: 4 });
  });

  it('count each failed attempt, what became of it, and stages that needed more than one', async () => {
    const h = await harness({ leaseMs: 2_000 });
    const worker = await h.worker();
    const { id } = await h.create({
      name: 'orders',
      stages: [{ name: 'charge', handler: 'a', backoff: { type: 'fixed', delayMs: 0 } }],
    });
    await worker.nack(await worker.one()); // tried again
    await worker.one();
    await h.controlPlane.advance(4_000); // expires
    await worker.release(await worker.one()); // counts for nothing
    await worker.ack(await worker.one());
    expect(await h.statuses(id)).toEqual({ charge: 'completed' });
    await h.create({ name: 'refunds', stages: [{ name: 'refund', handler: 'a', maxAttempts: 1 }] });
    await worker.nack(await worker.one());
    for (const range of ['1h', '90d']) {
      await folded(h);
      const { summary, hotspots, flaky } = await insightsOf(h, `?range=${range}`);
      expect(summary).toMatchObject({
        completed: 1,
        failed: 1,
        completedStages: 1,
        failedStages: 1,
        failedAttempts: 3,
        retries: 2,
        flakyRate: 1,
      });
      expect(hotspots).toMatchObject([
        { pipeline: 'orders', completed: 1, failed: 0, failedAttempts: 2, retries: 2, failureRate: 2 / 3 },
        { pipeline: 'refunds', completed: 0, failed: 1, failedAttempts: 1, retries: 0, failureRate: 1 },
      ]);
      expect(flaky).toMatchObject([{ pipeline: 'orders', flakyRate: 1 }]);
    }
  });

  it('count spawned stages as one series of their handler', async () => {
    const h = await harness();
    const worker = await h.worker();
    await h.create({ name: 'import', stages: [{ name: 'split', handler: 'a' }] });
    const split = await worker.one();
    await h.controlPlane.advance(10);
    await worker.ack(split, { spawn: [1, 2, 3].map((n) => ({ name: `row-${n}`, handler: 'a' })) });
    const rows = await worker.pull();
    await h.controlPlane.advance(20);
    for (const row of rows) await worker.ack(row);
    const { slowestStages } = await insightsOf(h, '?pipeline=import');
    expect(slowestStages.map(({ stage, completed }) => [stage, completed])).toEqual([
      ['(spawned)', 3],
      ['split', 1],
    ]);
  });

  it('count what ended in this very millisecond', async () => {
    const h = await harness(); // whose clock stands at the begin of a day
    await run(h, await h.worker());
    for (const range of ['1h', '24h', '90d']) expect((await insightsOf(h, `?range=${range}`)).summary.completed, range).toBe(1);
  });

  it('are of one application, and of the pipeline and handler that are asked for', async () => {
    const h = await harness();
    const worker = await h.worker();
    await run(h, worker, { name: 'orders', runMs: 10 });
    await run(h, worker, { name: 'reports', runMs: 20 });
    await folded(h);
    await run(h, worker, { name: 'reports', runMs: 30 });
    expect((await insightsOf(h, '?pipeline=reports')).summary).toMatchObject({
      completed: 2,
      runTime: { count: 2, min: 20, max: 30 },
    });
    expect((await insightsOf(h, '?handler=a')).summary.completedStages).toBe(3);
    expect((await insightsOf(h, '?handler=b')).summary.completedStages).toBe(0);
    expect(await insightsOf(h, '?application=default')).toEqual(await insightsOf(h));
    const other = await h.call<{ name: string }>('POST', '/applications', { name: 'other' });
    for (const name of ['other', 'none', 'DEFAULT'])
      expect((await insightsOf(h, `?application=${name}`)).summary).toMatchObject({ completed: 0, completedStages: 0 });
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['read'], application: other.name });
    const foreign = await h.call<Insights>('GET', '/observability/insights', undefined, { authorization: `Bearer ${key}` });
    expect(foreign.summary).toMatchObject({ completed: 0, completedStages: 0, runTime: null, successRate: null });
    expect(foreign.points).toEqual([]);
  });

  it('of a stretch of time hold what ended in it', async () => {
    const h = await harness();
    const worker = await h.worker();
    const start = h.controlPlane.now();
    await run(h, worker, { runMs: 1 });
    await h.controlPlane.jump(HOUR);
    await run(h, worker, { runMs: 1 });
    await folded(h);
    const iso = (at: number) => new Date(at).toISOString();
    const first = await insightsOf(h, `?from=${iso(start)}&to=${iso(start + 30 * MINUTE)}`);
    expect(first.summary.completed).toBe(1);
    expect((await insightsOf(h, `?from=${iso(start)}`)).summary.completed).toBe(2);
    expect((await insightsOf(h, '?range=15m')).summary.completed).toBe(1);
  });

  it('name stages that have become slower', async () => {
    const h = await harness();
    const worker = await h.worker();
    for (let n = 0; n < 30; n++) await run(h, worker, { runMs: 100 });
    await h.controlPlane.jump(HOUR + MINUTE);
    for (let n = 0; n < 30; n++) await run(h, worker, { runMs: 200 });
    const { regressions } = await insightsOf(h, '?range=1h');
    expect(regressions).toMatchObject([{ pipeline: 'orders', stage: 'charge', handler: 'a' }]);
    expect(Math.abs((regressions[0]?.ratio ?? 0) - 2)).toBeLessThan(0.05);
  });

  it('tell apart as many series as they may, and count what is beyond them as other', async () => {
    const h = await harness({ insightMaxSeries: 10 });
    const worker = await h.worker();
    for (let n = 0; n < 12; n++) await run(h, worker, { name: `p${n}`, runMs: 1 });
    await folded(h);
    for (let n = 0; n < 12; n++) await run(h, worker, { name: `p${n}`, runMs: 1 });
    await folded(h);
    const { summary, slowestStages } = await insightsOf(h, '?limit=200');
    expect(summary).toMatchObject({ completed: 24, completedStages: 24 });
    expect(slowestStages.some(({ pipeline, handler }) => pipeline === '(other)' && handler === '(other)')).toBe(true);
    expect(slowestStages.length).toBeLessThanOrEqual(7);
  });

  it('say so when what is asked for is counted as other, and tell it apart once there is room', async () => {
    const DAY = 24 * HOUR;
    const h = await harness({ insightMaxSeries: 10, insightDaysMs: 2 * DAY, insightHoursMs: DAY });
    const worker = await h.worker();
    for (let n = 0; n < 12; n++) await run(h, worker, { name: `p${n}`, runMs: 1 });
    await folded(h);
    const told = async (pipeline: string) => {
      const { summary, folded: isFolded } = await insightsOf(h, `?pipeline=${pipeline}`);
      return [summary.completed, isFolded];
    };
    expect(await Promise.all(['p0', 'p11'].map(told))).toEqual([
      [1, false],
      [0, true],
    ]);
    expect((await insightsOf(h)).folded).toBe(false);
    await h.controlPlane.jump(4 * DAY);
    await h.controlPlane.advance(MINUTE); // the series that were not seen for so long are gone
    for (let n = 0; n < 2; n++) await run(h, worker, { name: 'p11', runMs: 1 });
    await folded(h);
    expect(await told('p11')).toEqual([2, false]);
  });

  it.each([
    ['?range=1y', 'range'],
    ['?range=0m', 'range'],
    ['?range=500d', 'range'],
    ['?range=1h&from=2030-01-01T00:00:00Z', 'range'],
    ['?from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z', 'from'],
    ['?from=yesterday', 'from'],
    ['?limit=1000', 'limit'],
  ])('refuse %s', async (query, path) => {
    const h = await harness();
    const response = await h.send('GET', `/observability/insights${query}`);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { errors: { path: string }[] }).errors.map((error) => error.path)).toEqual([path]);
  });

  it('are not kept when that is turned off', async () => {
    const h = await harness({ insights: false });
    await run(h, await h.worker());
    expect((await h.send('GET', '/observability/insights')).status).toBe(404);
    expect((await h.send('GET', '/observability/errors')).status).toBe(404);
  });
});

describe('failures', () => {
  it('that differ in numbers alone are one group, with examples and when they were seen', async () => {
    const h = await harness();
    const worker = await h.worker();
    const failing = async (message: string) => {
      const { id } = await h.create({ stages: [{ name: 'charge', handler: 'a', maxAttempts: 1 }] });
      await worker.nack(await worker.one(), { error: { code: 'declined', message } });
      return id;
    };
    const first = await failing('card 41 declined');
    const firstAt = new Date(h.controlPlane.now()).toISOString();
    await folded(h);
    const second = await failing('card 977 declined');
    const secondAt = new Date(h.controlPlane.now()).toISOString();
    await failing('no connection');
    await folded(h);
    const { items } = await errorsOf(h);
    expect(items).toHaveLength(2);
    expect(items.find(({ code, message }) => code === 'declined' && message === 'card <n> declined')).toMatchObject({
      handler: 'a',
      count: 2,
      failedStages: 2,
      firstSeenAt: firstAt,
      lastSeenAt: secondAt,
      examples: [{ pipelineId: second }, { pipelineId: first }],
    });
    const page = await errorsOf(h, '?limit=1');
    expect(page.items).toHaveLength(1);
    const rest = await errorsOf(h, `?limit=1&cursor=${page.nextCursor}`);
    expect([...page.items, ...rest.items]).toEqual(items);
    expect(rest.nextCursor).toBeNull();
  });
});
