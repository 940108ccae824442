import { describe, expect, inject, it } from 'vitest';
import { aDatabase, runSql } from '../support/stores.js';
import { metricsOf } from './metrics-support.js';
import { harness } from './support.js';

const OF_A = { application: 'default', handler: 'a' };
const retryAtOnce = { backoff: { type: 'fixed', delayMs: 0, jitter: false } } as const;

describe('what was committed', () => {
  it('is counted by application and handler, under the names that users know', async () => {
    const h = await harness();
    await h.create({
      stages: [
        { name: 'a', handler: 'a', maxAttempts: 2, ...retryAtOnce },
        { name: 'b', handler: 'b' },
      ],
    });
    const worker = await h.worker(['a', 'b']);
    await worker.nack(await worker.one());
    const again = await worker.one();
    await h.controlPlane.advance(1_500);
    await worker.ack(again);
    await worker.ack(again); // a repetition counts once
    const metrics = await metricsOf(h);
    const counted = (name: string) => metrics.value(name, OF_A);
    expect(metrics.value('ext_pipeline_created_total', { application: 'default', trigger: 'api' })).toBe(1);
    expect(counted('stage_published_total')).toBe(2);
    expect(counted('ext_stage_jobs_pulled_total')).toBe(2);
    expect(counted('ext_stage_jobs_nacked_total')).toBe(1);
    expect(counted('ext_stage_jobs_acked_total')).toBe(1);
    expect(counted('stage_result_processed_total')).toBe(2);
    expect(counted('stage_result_failed_total')).toBe(0);
    expect(counted('pending_marked_failed_total')).toBe(0);
    expect(counted('stage_status_updated_total')).toBe(5); // pending, running, pending, running, completed
    expect(counted('compute_seconds_total')).toBe(1.5);
    expect(metrics.value('jobs_total', { ...OF_A, status: 'retried', conclusion: 'failure' })).toBe(1);
    expect(metrics.value('jobs_total', { ...OF_A, status: 'completed', conclusion: 'success' })).toBe(1);
    expect(metrics.value('stage_published_total', { handler: 'b' })).toBe(1);
    expect(metrics.value('ext_stage_jobs_pulled_total', { handler: 'b' })).toBe(0);
  });

  it('has the runs of pipelines by status and trigger, and their durations', async () => {
    const h = await harness();
    const worker = await h.worker(['a']);
    await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    const job = await worker.one();
    await h.controlPlane.advance(45_000);
    await worker.ack(job);
    await h.create({ stages: [{ name: 'a', handler: 'a', maxAttempts: 1 }] });
    await worker.nack(await worker.one());
    const { id } = await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    await h.call('POST', `/pipelines/${id}/cancel`, {});
    const metrics = await metricsOf(h);
    for (const status of ['completed', 'failed', 'cancelled']) {
      expect(metrics.value('pipelogiq_pipeline_runs_total', { application: 'default', status, trigger: 'api' }), status).toBe(1);
    }
    const duration = { application: 'default', status: 'completed' };
    expect(metrics.value('pipelogiq_pipeline_run_duration_seconds_sum', duration)).toBe(45);
    expect(metrics.value('pipelogiq_pipeline_run_duration_seconds_bucket', { ...duration, le: '30' })).toBe(0);
    expect(metrics.value('pipelogiq_pipeline_run_duration_seconds_bucket', { ...duration, le: '60' })).toBe(1);
    expect(metrics.value('pipelogiq_stage_duration_seconds_count', OF_A)).toBe(2);
    expect(metrics.value('pipelogiq_feedback_duration_seconds_sum', { application: 'default' })).toBe(45);
  });

  it('has the wait of a stage as soon as it is leased', async () => {
    const h = await harness();
    await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    await h.controlPlane.advance(20_000);
    await (await h.worker(['a'])).one();
    const metrics = await metricsOf(h);
    expect(metrics.value('pipelogiq_stage_queue_wait_seconds_sum', OF_A)).toBe(20);
    expect(metrics.value('pipelogiq_stage_queue_wait_seconds_bucket', { ...OF_A, le: '10' })).toBe(0);
    expect(metrics.value('pipelogiq_stage_queue_wait_seconds_bucket', { ...OF_A, le: '30' })).toBe(1);
  });

  it('has lost leases by reason, and results that came too late', async () => {
    const h = await harness({ leaseMs: 60_000 });
    await h.create({ stages: [{ name: 'a', handler: 'a', maxAttempts: 2 }] });
    const worker = await h.worker(['a']);
    const job = await worker.one();
    await h.controlPlane.advance(61_500);
    await worker.ack(job);
    await worker.post('/workers/heartbeat', {
      state: 'running',
      inFlight: 1,
      processed: 0,
      failed: 0,
      jobs: [{ id: job.id, fencingToken: job.fencingToken }],
    });
    const metrics = await metricsOf(h);
    expect(metrics.value('pipelogiq_lease_expiries_total', OF_A)).toBe(1);
    expect(metrics.value('stage_result_failed_total', OF_A)).toBe(1);
    expect(metrics.value('stage_result_processed_total', OF_A)).toBe(0);
    for (const call of ['settle', 'heartbeat']) {
      expect(metrics.value('pipelogiq_lease_lost_total', { application: 'default', reason: 'expired', call }), call).toBe(1);
    }
    expect(metrics.value('jobs_total', { ...OF_A, status: 'retried', conclusion: 'expired' })).toBe(1);
  });

  it('has stages that no worker took in time', async () => {
    const h = await harness();
    await h.create({ stages: [{ name: 'a', handler: 'a', pendingTimeoutMs: 1_000 }] });
    await h.controlPlane.advance(3_000);
    const metrics = await metricsOf(h);
    expect(metrics.value('pending_marked_failed_total', OF_A)).toBe(1);
    expect(metrics.value('jobs_total', { ...OF_A, status: 'failed', conclusion: 'pending_timed_out' })).toBe(1);
    expect(metrics.value('stage_result_failed_total', OF_A)).toBe(0);
  });

  it('has what the scheduler decided', async () => {
    const h = await harness();
    const worker = await h.worker(['a']);
    await worker.pull();
    await h.create({ stages: [{ name: 'a', handler: 'a', delayMs: 5_000 }] });
    await h.controlPlane.advance(5_000);
    await worker.nack(await worker.one());
    const metrics = await metricsOf(h);
    const decided = (decision_type: string) => metrics.value('scheduler_decisions_total', { decision_type });
    expect([decided('none'), decided('promote'), decided('lease'), decided('retry')]).toEqual([1, 1, 1, 1]);
    expect(metrics.value('scheduler_decision_latency_seconds_count')).toBe(2);
    expect(metrics.value('pipelogiq_commit_group_requests_count')).toBeGreaterThan(3);
    expect(metrics.value('pipelogiq_commit_duration_seconds_count')).toBe(metrics.value('pipelogiq_commit_group_requests_count'));
  });
});

describe('labels', () => {
  it('never are more than the option allows: what is beyond counts as other', async () => {
    const h = await harness({ metricsMaxHandlers: 2 });
    for (const handler of ['a', 'b', 'c', 'd']) await h.create({ stages: [{ name: handler, handler }] });
    const metrics = await metricsOf(h);
    const published = metrics.lines.filter(({ name }) => name === 'stage_published_total');
    expect(published.map(({ labels, value }) => [labels.handler, value])).toEqual([
      ['a', 1],
      ['b', 1],
      ['other', 2],
    ]);
  });

  // Seen to fail when handlers beyond twice the bound were left out of the depths.
  it('beyond the bound count what waits as other too: the sum is all that waits', async () => {
    const h = await harness({ metricsMaxHandlers: 2 });
    const handlers = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const handler of handlers) {
      const stages = [7, 0, -7].map((priority) => ({ name: `p${priority}`, handler, priority, dependsOn: [] }));
      await h.create({ stages });
    }
    const { lines } = await metricsOf(h);
    const normal = lines.filter(({ name, labels }) => name === 'pipelogiq_queue_depth' && labels.priority === 'normal');
    expect(normal.map(({ labels, value }) => [labels.handler, value])).toEqual([
      ['a', 1],
      ['b', 1],
      ['other', 4],
    ]);
    const depths = lines.filter(({ name }) => name === 'pipelogiq_queue_depth');
    expect(depths.reduce((sum, { value }) => sum + value, 0)).toBe(3 * handlers.length);
  });

  it('name each application', async () => {
    const h = await harness();
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', {
      name: 'k',
      application: 'shop "1"',
      scopes: ['produce'],
    });
    await h.send('POST', '/pipelines', { name: 'p', stages: [{ name: 'a' }] }, { authorization: `Bearer ${key}` });
    const metrics = await metricsOf(h);
    expect(metrics.value('ext_pipeline_created_total', { application: 'shop \\"1\\"' })).toBe(1);
    expect(metrics.value('ext_pipeline_created_total', { application: 'default' })).toBe(0);
  });
});

/** The database refuses context of this key, when all else of the ack has been written. */
const CURSES = {
  sqlite: [`create trigger curse before insert on context_item when new.key = 'cursed' begin select raise(abort, 'cursed'); end`],
  postgres: [
    `create function curse() returns trigger language plpgsql as $$ begin raise 'cursed'; end $$`,
    `create trigger curse before insert on context_item for each row when (new.key = 'cursed') execute function curse()`,
  ],
};

// Seen to fail without `counts.backTo` and `samples.backTo`: two acks, and four changes of status.
it('counts nothing that was rolled back', async () => {
  const database = await aDatabase();
  const h = await harness({ database });
  for (const statement of CURSES[inject('store')]) await runSql(database, statement);
  await h.create({ stages: ['a', 'b'].map((name) => ({ name, handler: 'a', dependsOn: [] })) });
  const worker = await h.worker(['a']);
  const [good, bad] = await worker.pull();
  await Promise.allSettled([worker.ack(good as never), worker.ack(bad as never, { context: [{ key: 'cursed', value: 1 }] })]);
  const metrics = await metricsOf(h);
  expect(metrics.value('ext_stage_jobs_acked_total', OF_A)).toBe(1);
  expect(metrics.value('stage_result_processed_total', OF_A)).toBe(1);
  expect(metrics.value('stage_status_updated_total', OF_A)).toBe(5); // two ready, two running, one completed
  expect(metrics.value('stage_result_failed_total', { handler: 'unknown' })).toBe(1);
  await h.controlPlane.close();
});

it('has no metrics when they are switched off', async () => {
  const h = await harness({ metrics: false });
  const response = await h.send('GET', '/metrics');
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('`metrics` is off');
});
