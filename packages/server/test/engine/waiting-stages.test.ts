import { type AuditEvent, LIMITS, type Page, type PipelineTrace } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { event, stagesOf, waiting, withToken } from './event-stages.js';
import { harness } from './support.js';

const HOUR = 3_600_000;

describe('an event stage', () => {
  it('waits when its dependencies are done, is given to no worker, and goes on when it is completed from outside', async () => {
    const { run, w, stage, token, send, call, statuses, create, worker } = await waiting();
    expect(stage).toMatchObject({ status: 'waiting', waitFor: 'event', attempts: 0 });
    expect(await (await worker(['approve'])).pull()).toEqual([]);
    await create({ stages: [{ name: 'a' }] }); // the handler is busy with other things; the wait costs it nothing
    await w.ack(await w.one());
    expect(await w.pull()).toEqual([]);
    const answer = await withToken({ send }, stage.id, await token(), { output: { by: 'ada' } });
    expect(answer).toEqual({ status: 200, body: { id: stage.id, status: 'completed' } });
    const job = await w.one();
    expect(job).toMatchObject({ stage: 'publish', previousOutput: { by: 'ada' }, outputHandlers: { approve: 'approve' } });
    await w.ack(job);
    expect(await statuses(run.id)).toEqual({ draft: 'completed', approve: 'completed', publish: 'completed' });
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'completed', stages: { completed: 3, open: 0 } });
  });

  it('wakes a worker that waits for what follows', async () => {
    const { w, complete, controlPlane } = await waiting();
    const pull = w.pull({ waitMs: 30_000 });
    await controlPlane.advance(0);
    await complete();
    expect(await pull).toMatchObject([{ stage: 'publish', previousOutput: null }]);
  });

  it('waits at once without dependencies, and after its delay', async () => {
    const h = await harness();
    const run = await h.create({ stages: [event('now'), event('later', { delayMs: 5_000, dependsOn: [] })] });
    expect(await h.statuses(run.id)).toEqual({ now: 'waiting', later: 'scheduled' });
    const { later } = await stagesOf(h, run.id);
    const early = await h.send('POST', `/stages/${later?.id}/complete`, {});
    expect(early.status).toBe(409);
    expect(early.headers.get('retry-after')).toBe('5');
    expect(await early.json()).toMatchObject({ code: 'state_conflict', detail: expect.stringContaining('scheduled') });
    await h.controlPlane.advance(5_000);
    expect(await h.statuses(run.id)).toEqual({ now: 'waiting', later: 'waiting' });
  });

  it('can be failed by its event, with or without a reason', async () => {
    const rejected = await waiting();
    const error = { code: 'rejected', message: 'not like this' };
    expect(await rejected.complete({ outcome: 'failed', error })).toMatchObject({ status: 'failed' });
    expect((await stagesOf(rejected, rejected.run.id)).approve).toMatchObject({ status: 'failed', error, attempts: 0 });
    expect(await rejected.call('GET', `/pipelines/${rejected.run.id}`)).toMatchObject({ status: 'failed' });
    const silent = await waiting({ runNextIfFailed: true });
    await silent.complete({ outcome: 'failed' });
    expect((await stagesOf(silent, silent.run.id)).approve?.error).toMatchObject({ code: 'event_failed' });
    expect(await silent.w.one()).toMatchObject({ stage: 'publish' });
  });

  it('holds the output to the limits of an ack', async () => {
    const large = await waiting();
    const text = 'x'.repeat(LIMITS.valueBytes);
    expect(await large.complete({ output: text })).toMatchObject({ status: 'failed', failedBecause: 'output_too_large' });
    expect(await large.complete({ output: text })).toMatchObject({ repeated: true, failedBecause: 'output_too_large' });
    expect(await large.statuses(large.run.id)).toMatchObject({ approve: 'failed', publish: 'blocked' });
    const empty = await waiting({ failIfOutputEmpty: true });
    expect(await empty.complete({ output: {} })).toMatchObject({ status: 'failed', failedBecause: 'output_empty' });
  });

  it('refuses an error without failure, an output with one, and unknown fields', async () => {
    const { complete, statuses, run } = await waiting();
    await expect(complete({ error: { code: 'x', message: 'y' } })).rejects.toThrow('422 invalid_request');
    await expect(complete({ outcome: 'failed', output: 1 })).rejects.toThrow('422 invalid_request');
    await expect(complete({ outcome: 'skipped' })).rejects.toThrow('422 invalid_request');
    await expect(complete({ outptu: 1 })).rejects.toThrow('did you mean');
    expect(await statuses(run.id)).toMatchObject({ approve: 'waiting' });
  });

  it('takes no option that speaks of workers', async () => {
    const { create } = await harness();
    const extra = { handler: 'h', maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1 }, pendingTimeoutMs: 1, priority: 1 };
    await expect(create({ stages: [event('e', extra)] })).rejects.toMatchObject({
      status: 422,
      problem: {
        code: 'invalid_pipeline',
        errors: expect.arrayContaining([expect.objectContaining({ path: 'stages[0].backoff' })]),
      },
    });
    await expect(create({ stages: [{ name: 'a', waitFor: 'rain' } as never] })).rejects.toThrow('422 invalid_request');
  });

  it('stands in the waterfall with the time that it waited', async () => {
    const { run, complete, call, controlPlane } = await waiting();
    const waits = async () => {
      const { stages } = await call<PipelineTrace>('GET', `/pipelines/${run.id}/trace`);
      return stages.map(({ attempts, wait }) => [attempts.length, wait]);
    };
    await controlPlane.advance(2_000);
    expect(await waits()).toEqual([
      [1, undefined],
      [0, { offsetMs: 0, ms: 2_000 }],
      [0, undefined],
    ]);
    await complete();
    await controlPlane.advance(2_000);
    expect((await waits())[1]).toEqual([0, { offsetMs: 0, ms: 2_000 }]);
  });

  it('ends with its pipeline, and is completed no more', async () => {
    const { run, call, complete, statuses } = await waiting();
    await call('POST', `/pipelines/${run.id}/cancel`);
    expect(await statuses(run.id)).toMatchObject({ approve: 'cancelled', publish: 'cancelled' });
    await expect(complete()).rejects.toThrow('409 state_conflict: The stage is cancelled');
  });
});

describe('a completion', () => {
  it('counts once: the same again is a repetition, another one a conflict', async () => {
    const { complete, stage, run, call } = await waiting();
    expect(await complete({ output: 1 })).toEqual({ id: stage.id, status: 'completed' });
    expect(await complete({ output: 1 })).toEqual({ id: stage.id, status: 'completed', repeated: true });
    await expect(complete({ output: 2 })).rejects.toThrow('409 state_conflict: The stage is completed');
    await expect(complete({ outcome: 'failed' })).rejects.toThrow('409 state_conflict');
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ stages: { completed: 2, open: 1 } });
  });

  it('counts once when two of them come in one group', async () => {
    const { complete, run, call } = await waiting();
    const answers = await Promise.allSettled([complete({ output: 1 }), complete({ output: 1 }), complete({ output: 2 })]);
    expect(answers).toMatchObject([
      { value: { status: 'completed' } },
      { value: { status: 'completed', repeated: true } },
      { reason: { status: 409 } },
    ]);
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ stages: { completed: 2, open: 1 } });
  });

  it('that comes before the stage waits is refused and may be repeated then', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve')] });
    const { approve } = await stagesOf(h, run.id);
    const path = `/stages/${approve?.id}/complete`;
    await expect(h.call('POST', path, {})).rejects.toThrow('409 state_conflict: The stage is not_started and does not wait yet');
    const w = await h.worker();
    await w.ack(await w.one());
    expect(await h.call('POST', path, {})).toMatchObject({ status: 'completed' });
  });

  it('is for event stages only', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }] });
    const { a } = await stagesOf(h, run.id);
    await expect(h.call('POST', `/stages/${a?.id}/complete`, {})).rejects.toThrow(
      '409 state_conflict: The stage waits for no event',
    );
    await expect(h.call('POST', `/stages/${a?.id}/token`, {})).rejects.toThrow(
      '409 state_conflict: The stage waits for no event',
    );
    expect(await h.statuses(run.id)).toEqual({ a: 'pending' });
  });
});

describe('what operators do', () => {
  it('runs an event stage again from its wait, and forgets the event of the run before', async () => {
    const { stage, run, complete, call, statuses, w } = await waiting();
    await complete({ output: 1 });
    await w.ack(await w.one());
    await call('POST', `/stages/${stage.id}/rerun`, { following: true });
    expect(await statuses(run.id)).toEqual({ draft: 'completed', approve: 'waiting', publish: 'not_started' });
    expect(await complete({ output: 1 })).toEqual({ id: stage.id, status: 'completed' }); // not a repetition
    expect(await w.one()).toMatchObject({ stage: 'publish', previousOutput: 1 });
  });

  it('runs an event stage whose time was over again, with its whole time', async () => {
    const { run, call, statuses, controlPlane } = await waiting({ timeoutMs: 10_000 });
    await controlPlane.advance(10_000);
    expect(await statuses(run.id)).toMatchObject({ approve: 'failed', publish: 'blocked' });
    await call('POST', `/pipelines/${run.id}/rerun`);
    await controlPlane.advance(9_999);
    expect(await statuses(run.id)).toMatchObject({ approve: 'waiting', publish: 'not_started' });
    await controlPlane.advance(1);
    expect(await statuses(run.id)).toMatchObject({ approve: 'failed', publish: 'blocked' });
  });

  it('skips an event stage that waits, and no event completes it any more', async () => {
    const { stage, run, complete, call, statuses, w } = await waiting();
    await call('POST', `/stages/${stage.id}/skip`);
    expect(await statuses(run.id)).toMatchObject({ approve: 'skipped', publish: 'pending' });
    await expect(complete()).rejects.toThrow('409 state_conflict: The stage is skipped');
    expect(await w.one()).toMatchObject({ outputs: { approve: null } });
  });

  it('pauses the time of an event stage, but not the event: what follows waits for the resume', async () => {
    const { stage, run, complete, call, statuses, controlPlane, w } = await waiting({ timeoutMs: 10_000 });
    await controlPlane.advance(4_000);
    await call('POST', `/pipelines/${run.id}/pause`);
    await controlPlane.advance(60_000);
    expect((await stagesOf({ call }, run.id)).approve).toMatchObject({ status: 'waiting' });
    await call('POST', `/pipelines/${run.id}/resume`);
    expect((await stagesOf({ call }, run.id)).approve?.waitEndsAt).toBe(new Date(controlPlane.now() + 6_000).toISOString());
    await call('POST', `/pipelines/${run.id}/pause`);
    expect(await complete()).toEqual({ id: stage.id, status: 'completed' });
    expect(await w.pull()).toEqual([]);
    await call('POST', `/pipelines/${run.id}/resume`);
    expect(await w.one()).toMatchObject({ stage: 'publish' });
    expect(await statuses(run.id)).toMatchObject({ approve: 'completed' });
  });

  it('gives the whole time to an event stage that began to wait in a pause', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve', { timeoutMs: 10_000 })] });
    const w = await h.worker();
    const job = await w.one();
    await h.call('POST', `/pipelines/${run.id}/pause`);
    await h.controlPlane.advance(30_000);
    await w.ack(job);
    await h.controlPlane.advance(30_000);
    await h.call('POST', `/pipelines/${run.id}/resume`);
    await h.controlPlane.advance(9_999);
    expect(await h.statuses(run.id)).toMatchObject({ approve: 'waiting' });
    await h.controlPlane.advance(1);
    expect(await h.statuses(run.id)).toMatchObject({ approve: 'failed' });
  });

  it('is told apart in the audit trail from what a token did', async () => {
    const { stage, complete, token, call } = await waiting();
    await complete({ outcome: 'failed' }, { 'x-stage-token': await token() });
    await call('POST', `/stages/${stage.id}/rerun`);
    await complete();
    await complete(); // a repetition is no new event
    const { items } = await call<Page<AuditEvent>>('GET', '/audit-events');
    const target = { type: 'stage', id: stage.id };
    expect(items.filter((item) => item.action !== 'stage.rerun').reverse()).toMatchObject([
      { action: 'stage.token', target, actor: 'local', details: { revokeOthers: true } },
      { action: 'stage.complete', target, actor: 'token', details: { status: 'failed' } },
      { action: 'stage.complete', target, actor: 'local', details: { status: 'completed' } },
    ]);
  });
});

describe('the timeout of an event stage', () => {
  it('counts from when it waits and fails it promptly', async () => {
    const { run, stage, controlPlane, call, complete, token } = await waiting({ timeoutMs: 10_300 });
    expect(Date.parse(stage.waitEndsAt ?? '')).toBe(controlPlane.now() + 10_300);
    const issued = await token();
    await controlPlane.advance(10_299);
    expect((await stagesOf({ call }, run.id)).approve?.status).toBe('waiting');
    await controlPlane.advance(1);
    const { approve, publish } = await stagesOf({ call }, run.id);
    expect(approve).toMatchObject({ status: 'failed', error: { code: 'event_timed_out' }, attempts: 0 });
    expect(approve?.waitEndsAt).toBeUndefined();
    expect(publish?.status).toBe('blocked');
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'failed' });
    await expect(complete()).rejects.toThrow('409 state_conflict: The stage is failed');
    await expect(complete({}, { 'x-stage-token': issued })).rejects.toThrow('409 state_conflict: The stage is failed');
    await expect(token()).rejects.toThrow('409 state_conflict: The stage is failed');
  });

  it('lets the pipeline go on where a failure is allowed', async () => {
    const { w, controlPlane } = await waiting({ timeoutMs: 1_000, runNextIfFailed: true });
    const pull = w.pull({ waitMs: 30_000 });
    await controlPlane.advance(1_000);
    expect(await pull).toMatchObject([{ stage: 'publish', outputs: { approve: null } }]);
  });

  it('is 366 days when none is given', async () => {
    const { stage, controlPlane } = await waiting();
    expect(stage.timeoutMs).toBe(LIMITS.durationMs);
    expect(Date.parse(stage.waitEndsAt ?? '')).toBe(controlPlane.now() + LIMITS.durationMs);
  });

  it('stands still while the server is away', async () => {
    const { run, controlPlane, statuses } = await waiting({ timeoutMs: 10_000 });
    await controlPlane.advance(4_000);
    await controlPlane.jump(HOUR);
    await controlPlane.advance(5_999);
    expect(await statuses(run.id)).toMatchObject({ approve: 'waiting' });
    await controlPlane.advance(1_001); // the gap ends with the first look after it, up to a second later
    expect(await statuses(run.id)).toMatchObject({ approve: 'failed' });
  });
});
