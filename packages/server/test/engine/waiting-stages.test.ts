import { type EventToken, LIMITS, type Stage, type StageCompleted } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

const HOUR = 3_600_000;
const event = (name: string, extra: object = {}) => ({ name, waitFor: 'event' as const, ...extra });

/** Stages of a pipeline by name. */
async function stagesOf({ call }: Pick<Harness, 'call'>, pipelineId: string): Promise<Record<string, Stage>> {
  const { items } = await call<{ items: Stage[] }>('GET', `/pipelines/${pipelineId}/stages`);
  return Object.fromEntries(items.map((stage) => [stage.name, stage]));
}

/** A pipeline whose second stage is an event stage that waits. */
async function waiting(extra: object = {}, after: { name: string; handler?: string }[] = [{ name: 'publish', handler: 'a' }]) {
  const h = await harness();
  const run = await h.create({ stages: [{ name: 'draft', handler: 'a' }, event('approve', extra), ...after] });
  const w = await h.worker(['a']);
  await w.ack(await w.one(), { output: 'text' });
  const stage = (await stagesOf(h, run.id)).approve as Stage;
  const complete = (body: object = {}, headers: Record<string, string> = {}) =>
    h.call<StageCompleted>('POST', `/stages/${stage.id}/complete`, body, headers);
  const token = async (body: object = {}) => (await h.call<EventToken>('POST', `/stages/${stage.id}/token`, body)).token;
  return { ...h, run, w, stage, complete, token };
}

/** A call from outside: nothing but a token. */
async function withToken(h: Pick<Harness, 'send'>, stageId: string, token: string, body: object = {}) {
  const response = await h.send('POST', `/stages/${stageId}/complete`, body, { authorization: '', 'x-stage-token': token });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

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

  it('races with the timeout and a cancel, and exactly one of them counts', async () => {
    const { complete, stage, run, call, controlPlane } = await waiting({ timeoutMs: 10_000 });
    await controlPlane.jump(3_000);
    await controlPlane.advance(6_999);
    const cancel = call('POST', `/pipelines/${run.id}/cancel`);
    const late = complete({ output: 1 }); // both are queued for the group of the timer that is due next
    const [, cancelled, completed] = await Promise.allSettled([controlPlane.advance(1), cancel, late]);
    expect(cancelled.status).toBe('fulfilled');
    expect(completed).toMatchObject({ reason: { status: 409 } });
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({
      status: 'cancelled',
      stages: { open: 0, completed: 1, failed: 0 },
    });
    expect((await stagesOf({ call }, run.id)).approve).toMatchObject({ id: stage.id, status: 'cancelled' });
  });

  it('wins against the timeout of the same group', async () => {
    const { complete, run, statuses, controlPlane } = await waiting({ timeoutMs: 10_000 });
    await controlPlane.advance(9_999);
    const [, completed] = await Promise.all([controlPlane.advance(1), complete({ output: 1 })]);
    expect(completed).toMatchObject({ status: 'completed' });
    expect(await statuses(run.id)).toMatchObject({ approve: 'completed', publish: 'pending' });
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

describe('a token of an event stage', () => {
  it('completes its stage without a key, answers a repetition, and betrays nothing else', async () => {
    const { stage, token, send } = await waiting();
    const issued = await token();
    expect(issued).toMatch(/^plqe_[\w-]{43}$/);
    expect(await withToken({ send }, stage.id, issued, { output: 1 })).toMatchObject({ status: 200 });
    expect(await withToken({ send }, stage.id, issued, { output: 1 })).toMatchObject({ status: 200, body: { repeated: true } });
    expect(await withToken({ send }, stage.id, issued, { output: 2 })).toMatchObject({
      status: 409,
      body: { code: 'state_conflict' },
    });
  });

  it('is refused alike when it is wrong, revoked, of another stage, or the stage does not exist', async () => {
    const h = await waiting();
    const other = await h.create({ stages: [event('other'), { name: 'runs', handler: 'a', dependsOn: [] }] });
    const { other: otherStage, runs } = await stagesOf(h, other.id);
    const first = await h.token();
    const second = await h.token();
    const foreign = (await h.call<EventToken>('POST', `/stages/${otherStage?.id}/token`)).token;
    const answers = [
      await withToken(h, h.stage.id, first), // revoked by the second
      await withToken(h, h.stage.id, foreign),
      await withToken(h, h.stage.id, 'plqe_wrong'),
      await withToken(h, h.stage.id, ''),
      await withToken(h, runs?.id ?? '', second),
      await withToken(h, '999999999', second),
    ];
    for (const { body } of answers) delete body.requestId;
    expect(answers[0]).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await h.statuses(h.run.id)).toMatchObject({ approve: 'waiting' });
    expect(await withToken(h, h.stage.id, second)).toMatchObject({ status: 200 });
  });

  it('counts before the key that comes with it', async () => {
    const { complete, token } = await waiting();
    await expect(complete({}, { 'x-stage-token': 'plqe_wrong' })).rejects.toThrow('401 unauthenticated');
    expect(await complete({}, { 'x-stage-token': await token() })).toMatchObject({ status: 'completed' });
  });

  it('leaves earlier ones alone on request, up to ten of them', async () => {
    const { send, stage, token } = await waiting();
    const tokens: string[] = [];
    for (let count = 0; count <= LIMITS.tokensPerEvent; count++) tokens.push(await token({ revokeOthers: false }));
    expect(await withToken({ send }, stage.id, tokens[0] ?? '')).toMatchObject({ status: 401 });
    expect(await withToken({ send }, stage.id, tokens[1] ?? '')).toMatchObject({ status: 200 });
    expect(await withToken({ send }, stage.id, tokens[2] ?? '')).toMatchObject({ status: 200, body: { repeated: true } });
  });

  it('can be had before the stage waits, and works when it does', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve')] });
    const { approve } = await stagesOf(h, run.id);
    const { token } = await h.call<EventToken>('POST', `/stages/${approve?.id}/token`);
    expect(await withToken(h, approve?.id ?? '', token)).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
    const w = await h.worker();
    await w.ack(await w.one());
    expect(await withToken(h, approve?.id ?? '', token)).toMatchObject({ status: 200 });
  });

  it('is given to the holder of a job of the same pipeline, and to nobody else', async () => {
    const h = await harness();
    const run = await h.create({ stages: [{ name: 'a' }, event('approve')] });
    await h.create({ stages: [event('elsewhere')] });
    const w = await h.worker();
    const job = await w.one();
    const ask = (body: object = {}, id = job.id) =>
      w.post<EventToken>(`/jobs/${id}/event-token`, { fencingToken: job.fencingToken, stage: 'approve', ...body });
    const [one, two] = [await ask(), await ask()]; // a handler that is tried again tells once more
    await expect(ask({ stage: 'elsewhere' })).rejects.toThrow('404 not_found');
    await expect(ask({ stage: 'a' })).rejects.toThrow('409 state_conflict');
    await expect(ask({ fencingToken: 7 })).rejects.toThrow('409 lease_lost');
    await expect(ask({}, '123456789')).rejects.toThrow('404 not_found');
    const other = await h.worker();
    const body = { fencingToken: job.fencingToken, stage: 'approve' };
    await expect(other.post(`/jobs/${job.id}/event-token`, body)).rejects.toThrow('409 lease_lost');
    await w.ack(job);
    await expect(ask()).rejects.toThrow('409 lease_lost');
    expect(one.stageId).toBe((await stagesOf(h, run.id)).approve?.id);
    expect(await withToken(h, one.stageId, one.token, { output: 1 })).toMatchObject({ status: 200 });
    expect(await withToken(h, two.stageId, two.token, { output: 1 })).toMatchObject({ body: { repeated: true } });
  });

  it('is nothing that another application can ask for or do without', async () => {
    const h = await waiting();
    await h.call('POST', '/applications', { name: 'other' });
    const keyOf = async (body: object) => (await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', ...body })).key;
    const as = async (key: string, path: string) => {
      const response = await h.send('POST', path, {}, { authorization: `Bearer ${key}` });
      return `${response.status} ${((await response.json()) as { code: string }).code}`;
    };
    const stranger = await keyOf({ scopes: ['admin'], application: 'other' });
    const reader = await keyOf({ scopes: ['read', 'produce', 'work'] });
    const path = `/stages/${h.stage.id}`;
    expect(await as(stranger, `${path}/complete`)).toBe('404 not_found');
    expect(await as(stranger, `${path}/token`)).toBe('404 not_found');
    expect(await as(reader, `${path}/complete`)).toBe('403 forbidden');
    expect(await as('plq_nonsense', `${path}/complete`)).toBe('401 unauthenticated');
    const nobody = await h.send('POST', `${path}/complete`, {}, { authorization: '' });
    expect(nobody.status).toBe(401);
    expect(await h.statuses(h.run.id)).toMatchObject({ approve: 'waiting' });
  });
});
