import { describe, expect, it } from 'vitest';
import { metricsOf } from './metrics-support.js';
import { harness } from './support.js';

const retryAtOnce = { backoff: { type: 'fixed', delayMs: 0, jitter: false } } as const;

describe('what is read when somebody looks', () => {
  it('has the depth of the queue by handler and priority, and what runs', async () => {
    const h = await harness();
    await h.create({
      stages: [
        ...[5, 1, 0, -1].map((priority) => ({ name: `a${priority}`, handler: 'a', priority, dependsOn: [] })),
        { name: 'b', handler: 'b', dependsOn: [] },
        { name: 'later', handler: 'b', dependsOn: [], delayMs: 60_000 },
      ],
    });
    const worker = await h.worker(['b']);
    await worker.one();
    const metrics = await metricsOf(h);
    const depth = (handler: string, priority: string) =>
      metrics.value('pipelogiq_queue_depth', { application: 'default', handler, priority });
    expect([depth('a', 'high'), depth('a', 'normal'), depth('a', 'low'), depth('b', 'normal')]).toEqual([2, 1, 1, 0]);
    expect(metrics.value('pipelogiq_running_stages', { application: 'default', handler: 'b' })).toBe(1);
    expect(metrics.value('pipelogiq_running_stages', { application: 'default', handler: 'a' })).toBe(0);
  });

  // Seen to fail when handlers were not looked at on their own beyond what is counted in one go.
  it('has the depth of queues in which thousands wait', async () => {
    const h = await harness();
    const stage = (at: number) => ({ name: `s${at}`, handler: at % 10 === 0 ? 'b' : 'a', priority: at % 2, dependsOn: [] });
    await h.create({ stages: Array.from({ length: 6_000 }, (_, at) => stage(at)) });
    const metrics = await metricsOf(h);
    const depth = (handler: string, priority: string) => metrics.value('pipelogiq_queue_depth', { handler, priority });
    expect([depth('a', 'high'), depth('a', 'normal'), depth('b', 'normal')]).toEqual([3_000, 2_400, 600]);
  });

  it('reads the database anew when its figures are old enough, and not before', async () => {
    const h = await harness({ metricsMaxAgeMs: 5_000 });
    await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    const depth = async () => (await metricsOf(h)).value('pipelogiq_queue_depth', { handler: 'a', priority: 'normal' });
    expect(await depth()).toBe(1);
    await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    await h.controlPlane.advance(4_999);
    expect(await depth()).toBe(1);
    await h.controlPlane.advance(1);
    expect(await depth()).toBe(2);
  });

  it('shows no line of a handler that has nothing any more', async () => {
    const h = await harness({ metricsMaxAgeMs: 0 });
    await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    await metricsOf(h);
    const worker = await h.worker(['a']);
    await worker.ack(await worker.one());
    const { lines } = await metricsOf(h);
    expect(lines.filter(({ name }) => name === 'pipelogiq_queue_depth' || name === 'pipelogiq_running_stages')).toEqual([]);
  });

  it('has workers by pool and state, and the jobs that they have', async () => {
    const h = await harness({ metricsMaxAgeMs: 0 });
    const beat = { state: 'running', processed: 0, failed: 0, jobs: [] };
    const [one, two] = [await h.worker(['a'], { pool: 'gpu' }), await h.worker(['a'], { pool: 'gpu' })];
    await h.worker(['a']);
    await one.post('/workers/heartbeat', { ...beat, inFlight: 3 });
    await two.post('/workers/heartbeat', { ...beat, inFlight: 4 });
    const before = await metricsOf(h);
    expect(before.value('pipelogiq_workers', { application: 'default', pool: 'gpu', state: 'running' })).toBe(2);
    expect(before.value('pipelogiq_workers', { application: 'default', pool: 'default', state: 'running' })).toBe(1);
    expect(before.value('pipelogiq_worker_jobs_in_flight', { application: 'default', pool: 'gpu' })).toBe(7);
    await h.controlPlane.advance(60_000);
    await one.post('/workers/heartbeat', { ...beat, inFlight: 1 });
    const after = await metricsOf(h);
    expect(after.value('pipelogiq_workers', { pool: 'gpu', state: 'offline' })).toBe(1);
    expect(after.value('pipelogiq_workers', { pool: 'gpu', state: 'running' })).toBe(1);
    expect(after.value('pipelogiq_worker_jobs_in_flight', { pool: 'gpu' })).toBe(1);
  });

  it('has how much of the workers is in use, of those that say how much they can do', async () => {
    const h = await harness();
    const beat = { state: 'running', processed: 0, failed: 0, jobs: [] };
    for (const [concurrency, inFlight, state] of [
      [10, 4, 'running'],
      [10, 8, 'draining'],
      [undefined, 7, 'running'],
    ] as const) {
      const worker = await h.worker(['a'], { pool: 'gpu', ...(concurrency && { concurrency }) });
      await worker.post('/workers/heartbeat', { ...beat, state, inFlight });
    }
    await h.worker(['a'], { pool: 'unknown' });
    const metrics = await metricsOf(h);
    const ratios = metrics.lines.filter(({ name }) => name === 'pipelogiq_worker_utilisation_ratio');
    expect(ratios).toEqual([
      { name: 'pipelogiq_worker_utilisation_ratio', labels: { application: 'default', pool: 'gpu' }, value: 0.6 },
    ]);
  });

  it('has the ratios of the last day, from insights', async () => {
    const h = await harness({ metricsMaxAgeMs: 0 });
    const worker = await h.worker(['a']);
    const stages = [{ name: 'a', handler: 'a', maxAttempts: 2, ...retryAtOnce }];
    expect((await metricsOf(h)).lines.filter(({ name }) => name.endsWith('_ratio'))).toEqual([]);
    for (let run = 0; run < 3; run++) await h.create({ stages });
    await h.create({ stages: [{ name: 'a', handler: 'a', maxAttempts: 1 }] });
    const jobs = await worker.pull();
    await h.controlPlane.advance(2_000);
    await worker.nack(jobs[0] as never);
    const [again] = await worker.pull();
    for (const job of [...jobs.slice(1, 3), again]) await worker.ack(job as never);
    await worker.nack(jobs[3] as never);
    let metrics = await metricsOf(h);
    // A scrape does not wait for these: it asks for what a later one shows.
    while (metrics.value('pipelogiq_pipeline_success_ratio') !== 0.75) metrics = await metricsOf(h);
    expect(metrics.value('pipelogiq_stage_flaky_ratio', { application: 'default' })).toBeCloseTo(1 / 3);
    expect(metrics.value('pipelogiq_feedback_time_seconds', { application: 'default' })).toBeCloseTo(2, 1);
  });

  it('has the size of the database, what waits for a commit, and how long statements took', async () => {
    const h = await harness();
    const metrics = await metricsOf(h);
    expect(metrics.value('pipelogiq_database_size_bytes')).toBeGreaterThan(10_000);
    expect(metrics.value('pipelogiq_commit_queue_requests')).toBe(0);
    expect(metrics.value('pipelogiq_commit_queue_bytes')).toBe(0);
    expect(metrics.value('pipelogiq_parked_pulls')).toBe(0);
    expect(metrics.value('pipelogiq_database_query_duration_seconds_count', { connection: 'writer' })).toBeGreaterThan(5);
    expect(metrics.value('pipelogiq_metrics_read_failures_total')).toBe(0);
  });
});
