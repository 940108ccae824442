import type { Attempt, Stage } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

const HOUR = 3_600_000;
const fixed = (delayMs: number) => ({ type: 'fixed' as const, delayMs, jitter: false });

async function stageOf({ call }: Pick<Harness, 'call'>, pipelineId: string, name = 'a'): Promise<Stage> {
  const { items } = await call<{ items: Stage[] }>('GET', `/pipelines/${pipelineId}/stages`);
  const stage = items.find((candidate) => candidate.name === name);
  if (!stage) throw new Error(`no stage ${name}`);
  return stage;
}

it('fails a stage that no worker takes in time, promptly and without an attempt', async () => {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 2_500 }, { name: 'b' }] });
  expect(await stageOf(h, run.id)).toMatchObject({
    pendingTimeoutMs: 2_500,
    waitEndsAt: new Date(h.controlPlane.now() + 2_500).toISOString(),
  });
  await h.controlPlane.advance(2_499);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending', b: 'not_started' });
  await h.controlPlane.advance(1);
  expect(await stageOf(h, run.id)).toMatchObject({ status: 'failed', attempts: 0, error: { code: 'pending_timed_out' } });
  expect(await h.call('GET', `/pipelines/${run.id}`)).toMatchObject({
    status: 'failed',
    stages: { failed: 1, blocked: 1, open: 0 },
  });
  expect(await (await h.worker()).pull()).toEqual([]);
  expect(await h.call('GET', `/pipelines/${run.id}/attempts`)).toMatchObject({ items: [] });
});

it('is prompt also when it is shorter than the period of the loop that ends waits', async () => {
  const h = await harness();
  const w = await h.worker();
  await h.controlPlane.advance(100);
  const alone = await h.create({ stages: [{ name: 'x', pendingTimeoutMs: 300 }] });
  await h.controlPlane.advance(300);
  expect(await h.statuses(alone.id)).toEqual({ x: 'failed' });
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 300 }] });
  await h.controlPlane.advance(299);
  await w.nack(await w.one(), { retryAfterMs: 0 });
  await h.controlPlane.advance(299);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await h.controlPlane.advance(1);
  expect(await h.statuses(run.id)).toEqual({ a: 'failed' });
  const chain = await h.create({
    stages: [
      { name: 'first', handler: 'a' },
      { name: 'b', pendingTimeoutMs: 100 },
    ],
  });
  await h.controlPlane.advance(50);
  await w.ack(await w.one());
  await h.controlPlane.advance(100);
  expect(await h.statuses(chain.id)).toEqual({ first: 'completed', b: 'failed' });
});

it('counts from when a stage is ready, not while it waits for dependencies or a delay', async () => {
  const h = await harness();
  const run = await h.create({
    stages: [
      { name: 'first', handler: 'a' },
      { name: 'second', handler: 'b', delayMs: 5_000, pendingTimeoutMs: 1_000 },
    ],
  });
  await h.controlPlane.advance(60_000);
  const w = await h.worker();
  await w.ack(await w.one());
  await h.controlPlane.advance(5_999);
  expect(await h.statuses(run.id)).toMatchObject({ second: 'pending' });
  await h.controlPlane.advance(1);
  expect(await h.statuses(run.id)).toMatchObject({ second: 'failed' });
});

it('does not end a stage that was taken in time', async () => {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 1_000 }] });
  const w = await h.worker();
  const job = await w.one();
  await h.controlPlane.advance(30_000);
  expect(await h.statuses(run.id)).toEqual({ a: 'running' });
  expect((await w.ack(job)).settled).toMatchObject([{ status: 'completed' }]);
});

it('counts anew after every attempt, and leaves what is known of the attempts as it is', async () => {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 2_000, backoff: fixed(10_000) }] });
  await h.controlPlane.advance(1_900);
  const w = await h.worker();
  const job = await w.one();
  await w.nack(job);
  await h.controlPlane.advance(11_999);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await h.controlPlane.advance(1);
  expect(await stageOf(h, run.id)).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'pending_timed_out' } });
  const { items } = await h.call<{ items: Attempt[] }>('GET', `/pipelines/${run.id}/attempts`);
  expect(items).toMatchObject([{ fencingToken: 1, outcome: 'retried', error: { code: 'boom' } }]);
  expect((await w.nack(job)).settled).toMatchObject([{ repeated: true }]); // its answer may have been lost
  expect((await w.ack(job)).settled).toMatchObject([{ error: { reason: 'already_settled' } }]);
});

it('counts anew after a release, and after a lease that ended', async () => {
  const h = await harness({ leaseMs: 5_000 });
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 2_000 }] });
  const w = await h.worker();
  await h.controlPlane.advance(1_500);
  await w.release(await w.one());
  await h.controlPlane.advance(1_999);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await w.one();
  await h.controlPlane.advance(7_500); // the lease has ended after five seconds, which is seen within one
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await h.controlPlane.advance(1);
  expect(await h.statuses(run.id)).toEqual({ a: 'failed' });
});

it('lets the pipeline go on where a failure is allowed', async () => {
  const h = await harness();
  await h.create({ stages: [{ name: 'x', pendingTimeoutMs: 1_000, runNextIfFailed: true }, { name: 'a' }] });
  const w = await h.worker();
  const pull = w.pull({ waitMs: 30_000 });
  await h.controlPlane.advance(1_000);
  expect(await pull).toMatchObject([{ stage: 'a', outputs: { x: null } }]);
});

// Seen to fail when end-waits does not look whether the server was away: here it comes before expire-leases, which moves the ends.
it('stands still while the server is away, for nobody could take the stage then', async () => {
  const h = await harness({ expireEveryMs: 2_500 });
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 10_000 }] });
  await h.controlPlane.advance(2_600);
  await h.controlPlane.jump(HOUR);
  await h.controlPlane.advance(7_399);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await h.controlPlane.advance(2_501); // the gap counts from when the server last noted that it lives
  expect(await h.statuses(run.id)).toEqual({ a: 'failed' });
});

it('stands still while the pipeline is paused', async () => {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'a', pendingTimeoutMs: 10_000 }] });
  await h.controlPlane.advance(4_000);
  await h.call('POST', `/pipelines/${run.id}/pause`);
  expect((await stageOf(h, run.id)).waitEndsAt).toBeUndefined();
  await h.controlPlane.advance(60_000);
  await h.call('POST', `/pipelines/${run.id}/resume`);
  await h.controlPlane.advance(5_999);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  await h.controlPlane.advance(1);
  expect(await h.statuses(run.id)).toEqual({ a: 'failed' });
});

it('leaves stages without the option alone', async () => {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'a' }, { name: 'b', dependsOn: [], pendingTimeoutMs: 1_000 }] });
  await h.controlPlane.advance(60_000);
  expect(await h.statuses(run.id)).toEqual({ a: 'pending', b: 'failed' });
});
