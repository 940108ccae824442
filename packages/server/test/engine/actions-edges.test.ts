import type { HeartbeatReply, Page, Pipeline, Stage } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

/** Corners of operator actions that the model test found (test/model). */

const on = (name: string, dependsOn: string[], extra: object = {}) => ({
  name,
  handler: 'a',
  dependsOn,
  maxAttempts: 1,
  ...extra,
});

async function started(stages: object[], extra: object = {}): Promise<{ h: Harness; worker: WireWorker; id: string }> {
  const h = await harness();
  const worker = await h.worker();
  const { id } = await h.create({ stages: stages as never, ...extra });
  return { h, worker, id };
}

const stageOf = async ({ call }: Harness, id: string, name: string): Promise<Stage> => {
  const { items } = await call<Page<Stage>>('GET', `/pipelines/${id}/stages`);
  const stage = items.find((each) => each.name === name);
  if (!stage) throw new Error(`there is no stage ${name}`);
  return stage;
};
const pipeline = ({ call }: Harness, id: string) => call<Pipeline>('GET', `/pipelines/${id}`);

describe('a pipeline whose time has not come', () => {
  const LATER = { runAt: '2030-01-01T01:00:00Z' };

  it('begins when a skip makes a stage ready, and ends with its last one', async () => {
    const { h, worker, id } = await started([on('a', []), on('b', ['a'])], LATER);
    await h.call('POST', `/stages/${(await stageOf(h, id, 'a')).id}/skip`);
    expect(await pipeline(h, id)).toMatchObject({ status: 'running', startedAt: expect.any(String) });
    await worker.ack(await worker.one());
    expect((await pipeline(h, id)).status).toBe('completed');
  });

  it('has begun after a resume too, when it was paused meanwhile', async () => {
    const { h, worker, id } = await started([on('a', []), on('b', ['a'])], LATER);
    await h.call('POST', `/pipelines/${id}/pause`);
    await h.call('POST', `/stages/${(await stageOf(h, id, 'a')).id}/skip`);
    expect(await h.call('POST', `/pipelines/${id}/resume`)).toMatchObject({ status: 'running' });
    await worker.ack(await worker.one());
    expect((await pipeline(h, id)).status).toBe('completed');
  });
});

describe('a rerun of a stage alone', () => {
  it('is refused while a stage that depends on it runs or waits for its event', async () => {
    const { h, worker, id } = await started([on('a', []), on('b', ['a']), { name: 'gate', dependsOn: ['a'], waitFor: 'event' }]);
    const job = await worker.one();
    await worker.ack(job);
    const path = `/stages/${job.id}/rerun`;
    await expect(h.call('POST', path, {})).rejects.toThrow(/409 state_conflict.*"gate".*waiting/);
    await h.call('POST', `/stages/${(await stageOf(h, id, 'gate')).id}/skip`);
    const next = await worker.one();
    await expect(h.call('POST', path, {})).rejects.toThrow(/409 state_conflict.*"b".*running/);
    expect((await worker.release(next)).settled[0]).toMatchObject({ status: 'pending' });
    await h.call('POST', path, {});
    expect(await h.statuses(id)).toEqual({ a: 'pending', b: 'not_started', gate: 'skipped' });
  });

  it('that fails blocks nothing beyond a stage whose output is still there', async () => {
    const { h, worker, id } = await started([on('a', []), on('b', ['a']), on('slow', []), on('c', ['b', 'slow'])]);
    const [a, slow] = await worker.pull();
    await worker.ack(a as never);
    await worker.ack(await worker.one());
    await h.call('POST', `/stages/${a?.id}/rerun`, {});
    await worker.nack(await worker.one());
    expect(await h.statuses(id)).toEqual({ a: 'failed', b: 'completed', slow: 'running', c: 'not_started' });
    await worker.ack(slow as never);
    await worker.ack(await worker.one());
    expect(await pipeline(h, id)).toMatchObject({ status: 'failed', stages: { completed: 3, failed: 1, blocked: 0 } });
  });
});

describe('a skip of a stage that has failed', () => {
  it('keeps how its delivery ended: the same ack is a repetition', async () => {
    const { h, worker, id } = await started([on('a', [], { failIfOutputEmpty: true })]);
    const job = await worker.one();
    expect((await worker.ack(job)).settled[0]).toMatchObject({ status: 'failed', failedBecause: 'output_empty' });
    await h.call('POST', `/stages/${job.id}/skip`);
    expect((await worker.ack(job)).settled[0]).toMatchObject({ status: 'failed', repeated: true });
    const { items } = await h.call<Page<object>>('GET', `/pipelines/${id}/attempts`);
    expect(items).toMatchObject([{ outcome: 'failed', error: { code: 'output_empty' } }]);
    await h.call('POST', `/stages/${job.id}/rerun`, {});
    await worker.ack(await worker.one(), { output: 1 });
    expect((await h.call<Page<object>>('GET', `/pipelines/${id}/attempts`)).items).toHaveLength(2);
  });
});

describe('a pipeline that was cancelled and rerun before its time', () => {
  // Seen to fail: it had no start for ever, thus no duration and no end that is late.
  it('starts when its first stage is due', async () => {
    const h = await harness();
    const worker = await h.worker();
    const runAt = new Date(h.controlPlane.now() + 60_000).toISOString();
    const { id } = await h.create({ stages: [on('a', [])], runAt });
    const shown = () => h.call<Pipeline>('GET', `/pipelines/${id}`);
    await h.call('POST', `/pipelines/${id}/cancel`, {});
    await h.call('POST', `/stages/${(await stageOf(h, id, 'a')).id}/rerun`, {});
    expect(await h.statuses(id)).toEqual({ a: 'scheduled' });
    expect((await shown()).startedAt).toBeUndefined();
    await h.controlPlane.advance(60_000);
    expect(await shown()).toMatchObject({ status: 'running', startedAt: runAt });
    await worker.ack(await worker.one());
    expect(await shown()).toMatchObject({ status: 'completed' });
  });
});

describe('an appended stage', () => {
  it('has the priority that it names, 0 too, else that of the pipeline', async () => {
    const { h, id } = await started([on('a', [])], { priority: 5 });
    await h.call('POST', `/pipelines/${id}/stages`, { stages: [on('zero', [], { priority: 0 }), on('silent', [])] });
    expect((await stageOf(h, id, 'zero')).priority).toBe(0);
    expect((await stageOf(h, id, 'silent')).priority).toBe(5);
  });
});

describe('a heartbeat', () => {
  it('says superseded for the current delivery of another worker, also when that has ended', async () => {
    const { h, worker } = await started([on('a', [])]);
    const job = await worker.one();
    const other = await h.worker();
    const beat = async () => {
      const jobs = [{ id: job.id, fencingToken: job.fencingToken }];
      const body = { state: 'running', inFlight: 0, processed: 0, failed: 0, jobs };
      return (await other.post<HeartbeatReply>('/workers/heartbeat', body)).lost[0]?.reason;
    };
    expect(await beat()).toBe('superseded');
    await worker.ack(job);
    expect(await beat()).toBe('superseded');
  });
});
