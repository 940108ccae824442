import type { AuditEvent, BulkAction, HeartbeatReply, Page, Pipeline, Stage } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const CHAIN = [
  { name: 'a', handler: 'a', maxAttempts: 1 },
  { name: 'b', handler: 'a', maxAttempts: 1 },
  { name: 'c', handler: 'a', maxAttempts: 1 },
];

async function started(stages: object[] = CHAIN): Promise<{ h: Harness; worker: WireWorker; id: string }> {
  const h = await harness();
  const worker = await h.worker();
  const { id } = await h.create({ stages: stages as never });
  return { h, worker, id };
}

const pipeline = ({ call }: Harness, id: string) => call<Pipeline>('GET', `/pipelines/${id}`);
const stages = async ({ call }: Harness, id: string): Promise<Record<string, Stage>> =>
  Object.fromEntries((await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items.map((stage) => [stage.name, stage]));
const act = ({ call }: Harness, path: string, body: object = {}) => call<Pipeline & Stage>('POST', path, body);

/** Works off `count` jobs one after the other. */
async function work(worker: WireWorker, count: number): Promise<void> {
  for (let done = 0; done < count; done++) await worker.ack(await worker.one(), { output: { done } });
}

describe('a rerun of a stage', () => {
  it('runs it again under a new span and a larger token, and lets what it had blocked go on', async () => {
    const { h, worker, id } = await started();
    const job = await worker.one();
    await worker.nack(job);
    expect(await h.statuses(id)).toEqual({ a: 'failed', b: 'blocked', c: 'blocked' });
    const before = (await stages(h, id)).a as Stage;

    const after = await act(h, `/stages/${before.id}/rerun`);

    expect(after).toMatchObject({ status: 'pending', attempts: 0, output: null });
    expect(after.spanId).not.toBe(before.spanId);
    expect(after.error).toBeUndefined();
    expect(await h.statuses(id)).toEqual({ a: 'pending', b: 'not_started', c: 'not_started' });
    expect(await pipeline(h, id)).toMatchObject({ status: 'running', run: 2, stages: { open: 3, failed: 0, blocked: 0 } });
    const again = await worker.one();
    expect(again.fencingToken).toBeGreaterThan(job.fencingToken);
    expect(again.idempotencyKey).not.toBe(job.idempotencyKey);
    expect(again.attempt).toBe(1);
    await worker.ack(again);
    await work(worker, 2);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', stages: { completed: 3, open: 0 } });
    const attempts = (await h.call<Page<{ spanId: string; outcome: string }>>('GET', `/pipelines/${id}/attempts`)).items;
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'completed', 'completed', 'completed']);
    expect(attempts[0]?.spanId).toBe(before.spanId);
  });

  it('leaves stages that have run after it as they are, unless they shall follow', async () => {
    const { h, worker, id } = await started();
    await work(worker, 3);
    const { a, b } = await stages(h, id);
    await act(h, `/stages/${a?.id}/rerun`);
    expect(await h.statuses(id)).toEqual({ a: 'pending', b: 'completed', c: 'completed' });
    await work(worker, 1);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', run: 2 });

    await act(h, `/stages/${b?.id}/rerun`, { following: true });
    expect(await h.statuses(id)).toEqual({ a: 'completed', b: 'pending', c: 'not_started' });
    await work(worker, 2);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', run: 3 });
  });

  it('ends deliveries under way when all that follow run again, and refuses their settles', async () => {
    const { h, worker, id } = await started();
    await work(worker, 1);
    const job = await worker.one();
    const { a, b } = await stages(h, id);
    await expect(act(h, `/stages/${b?.id}/rerun`)).rejects.toThrow(/409 state_conflict.*running/);

    await act(h, `/stages/${a?.id}/rerun`, { following: true });

    const beat = {
      state: 'running',
      inFlight: 1,
      processed: 0,
      failed: 0,
      jobs: [{ id: job.id, fencingToken: job.fencingToken }],
    };
    const reply = await worker.post<HeartbeatReply>('/workers/heartbeat', beat);
    expect(reply.lost).toEqual([{ id: job.id, fencingToken: job.fencingToken, reason: 'superseded' }]);
    const late = await worker.ack(job);
    expect(late.settled[0]).toMatchObject({ error: { code: 'lease_lost', reason: 'superseded' } });
    expect(await h.statuses(id)).toEqual({ a: 'pending', b: 'not_started', c: 'not_started' });
    await work(worker, 3);
    expect((await pipeline(h, id)).status).toBe('completed');
  });

  it('still answers the ack of the run before with what it did', async () => {
    const { h, worker, id } = await started([{ name: 'a', handler: 'a' }]);
    const job = await worker.one();
    await worker.ack(job);
    await act(h, `/stages/${job.id}/rerun`);
    expect((await worker.ack(job)).settled[0]).toMatchObject({ status: 'completed', repeated: true });
    expect(await h.statuses(id)).toEqual({ a: 'pending' });
  });

  it('is refused, and changes nothing, where it makes no sense', async () => {
    const { h, worker, id } = await started();
    const { a, b } = await stages(h, id);
    await expect(act(h, `/stages/${b?.id}/rerun`)).rejects.toThrow(/409 state_conflict.*not_started/);
    await worker.nack(await worker.one());
    await expect(act(h, `/stages/${b?.id}/rerun`)).rejects.toThrow(/409 state_conflict.*blocked/);
    await expect(act(h, `/stages/${Number(a?.id) + 5}/rerun`)).rejects.toThrow(/404/);
    await expect(act(h, '/stages/99999999999/rerun')).rejects.toThrow(/404/);
    expect(await pipeline(h, id)).toMatchObject({ run: 1, status: 'failed' });
  });
});

describe('a rerun of a pipeline', () => {
  it('runs what failed and what was cancelled again, and nothing that is done', async () => {
    const { h, worker, id } = await started();
    await work(worker, 1);
    await act(h, `/pipelines/${id}/cancel`);
    expect(await h.statuses(id)).toEqual({ a: 'completed', b: 'cancelled', c: 'cancelled' });
    expect(await act(h, `/pipelines/${id}/rerun`)).toMatchObject({ status: 'running', run: 2 });
    expect(await h.statuses(id)).toEqual({ a: 'completed', b: 'pending', c: 'not_started' });
    await work(worker, 2);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', stages: { completed: 3, cancelled: 0 } });
    await expect(act(h, `/pipelines/${id}/rerun`)).rejects.toThrow(/409 state_conflict.*start/);
  });

  it('starts from the beginning when it is told to, with a root span of its own', async () => {
    const { h, worker, id } = await started();
    await expect(act(h, `/pipelines/${id}/rerun`, { from: 'start' })).rejects.toThrow(/409 state_conflict/);
    await work(worker, 3);
    const before = await pipeline(h, id);
    const after = await act(h, `/pipelines/${id}/rerun`, { from: 'start' });
    expect(after.traceId).toBe(before.traceId);
    expect(after.rootSpanId).not.toBe(before.rootSpanId);
    await work(worker, 3);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', run: 2, stages: { total: 3, completed: 3 } });
  });
});

describe('a skip', () => {
  it('lets what depends on the stage go on with a null output', async () => {
    const { h, worker, id } = await started();
    await worker.nack(await worker.one());
    const { a } = await stages(h, id);
    expect(await act(h, `/stages/${a?.id}/skip`)).toMatchObject({ status: 'skipped', output: null });
    const job = await worker.one();
    expect(job).toMatchObject({ stage: 'b', previousOutput: null });
    await worker.ack(job);
    await work(worker, 1);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', run: 1, stages: { skipped: 1, completed: 2 } });
  });

  it('fences a delivery that is under way', async () => {
    const { h, worker, id } = await started();
    const job = await worker.one();
    await act(h, `/stages/${job.id}/skip`);
    expect((await worker.ack(job)).settled[0]).toMatchObject({ error: { code: 'lease_lost', reason: 'superseded' } });
    expect(await h.statuses(id)).toEqual({ a: 'skipped', b: 'pending', c: 'not_started' });
    await expect(act(h, `/stages/${job.id}/skip`)).resolves.toMatchObject({ status: 'skipped' });
  });

  it('of the last open stage ends the pipeline', async () => {
    const { h, worker, id } = await started([{ name: 'a', handler: 'a' }]);
    const { a } = await stages(h, id);
    await act(h, `/stages/${a?.id}/skip`);
    expect((await pipeline(h, id)).status).toBe('completed');
    expect(await worker.pull()).toEqual([]);
  });
});

describe('a pause', () => {
  it('leases nothing more, lets what runs settle, holds what becomes ready, and goes on after a resume', async () => {
    const { h, worker, id } = await started([
      { name: 'a', handler: 'a' },
      { name: 'b', handler: 'a' },
      { name: 'side', handler: 'a', dependsOn: [] },
    ]);
    const job = await worker.one();
    expect(await act(h, `/pipelines/${id}/pause`)).toMatchObject({ status: 'paused' });
    expect(await worker.pull()).toEqual([]);
    await worker.ack(job);
    expect(await worker.pull()).toEqual([]);
    const waiting = worker.pull({ waitMs: 30_000 });
    expect(await act(h, `/pipelines/${id}/resume`)).toMatchObject({ status: 'running' });
    expect((await waiting).length).toBeGreaterThan(0);
  });

  it('holds a retry too, and completing from it is legal', async () => {
    const { h, worker, id } = await started([{ name: 'a', handler: 'a', backoff: { type: 'fixed', delayMs: 1_000 } }]);
    await worker.one();
    const first = await worker.call<Page<Stage>>('GET', `/pipelines/${id}/stages`);
    const job = { id: String(first.items[0]?.id), fencingToken: 1 } as never;
    await act(h, `/pipelines/${id}/pause`);
    await worker.nack(job);
    await h.controlPlane.advance(5_000);
    expect(await worker.pull()).toEqual([]);
    await act(h, `/pipelines/${id}/resume`);
    await h.controlPlane.advance(5_000);
    const again = await worker.one();
    await act(h, `/pipelines/${id}/pause`);
    await worker.ack(again);
    expect((await pipeline(h, id)).status).toBe('completed');
    await expect(act(h, `/pipelines/${id}/resume`)).rejects.toThrow(/409/);
  });

  it('may be cancelled', async () => {
    const { h, id } = await started();
    await act(h, `/pipelines/${id}/pause`);
    expect(await act(h, `/pipelines/${id}/cancel`)).toMatchObject({ status: 'cancelled' });
  });
});

describe('an action on many pipelines', () => {
  it('counts first, then changes what matched, chunk by chunk, and tells how far it is', async () => {
    const h = await harness();
    const worker = await h.worker();
    for (let made = 0; made < 120; made++) await h.create({ name: 'bulk', stages: [{ name: 'a', handler: 'a' }] });
    await h.create({ name: 'other', stages: [{ name: 'a', handler: 'a' }] });
    const request = { action: 'cancel', filter: { name: 'bulk', status: 'running' }, reason: 'not needed' };

    expect(await h.call<BulkAction>('POST', '/pipelines/actions', { ...request, dryRun: true })).toMatchObject({
      status: 'dry_run',
      matched: 120,
    });
    expect((await worker.pull({ maxJobs: 1 })).length).toBe(1);
    const begun = await h.call<BulkAction>('POST', '/pipelines/actions', request);
    expect(begun).toMatchObject({ status: 'running', matched: 120 });
    const late = await h.create({ name: 'bulk', stages: [{ name: 'a', handler: 'a' }] });
    await h.controlPlane.advance(1_000);

    expect(await h.call<BulkAction>('GET', `/pipelines/actions/${begun.id}`)).toMatchObject({
      status: 'completed',
      done: 120,
      refused: 0,
    });
    expect((await pipeline(h, late.id)).status).toBe('running');
    expect(
      await h.call<BulkAction>('POST', '/pipelines/actions', { action: 'cancel', filter: { name: 'bulk' }, dryRun: true }),
    ).toMatchObject({
      matched: 121,
    });
    await expect(h.call('POST', '/pipelines/actions', { action: 'cancel', filter: {} })).rejects.toThrow(/filter/);
  });

  it('leaves an entry for every pipeline in the audit trail, with who asked', async () => {
    const h = await harness();
    const { id } = await h.create({ stages: [{ name: 'a', handler: 'a' }] });
    await act(h, `/pipelines/${id}/pause`);
    const begun = await h.call<BulkAction>('POST', '/pipelines/actions', { action: 'resume', filter: { status: 'paused' } });
    await h.controlPlane.advance(1_000);
    const { items } = await h.call<Page<AuditEvent>>('GET', '/audit-events');
    expect(items.map(({ actor, action, target, details }) => ({ actor, action, id: target.id, details }))).toEqual([
      { actor: 'local', action: 'pipeline.resume', id, details: { bulkAction: begun.id } },
      { actor: 'local', action: 'pipelines.action', id: begun.id, details: { action: 'resume' } },
      { actor: 'local', action: 'pipeline.pause', id, details: undefined },
    ]);
  });
});
