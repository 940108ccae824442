import type { StageDiagnosis } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const MINUTE = 60_000;
const DELAY = { type: 'fixed', delayMs: MINUTE, jitter: false } as const;

async function setUp() {
  const h = await harness();
  const idOf = async (pipelineId: string, name: string) => {
    const { items } = await h.call<{ items: { id: string; name: string }[] }>('GET', `/pipelines/${pipelineId}/stages?limit=200`);
    return items.find((stage) => stage.name === name)?.id ?? 'none';
  };
  return {
    ...h,
    idOf,
    at: (ms: number) => new Date(h.controlPlane.now() + ms).toISOString(),
    /** The diagnosis of one stage of a pipeline. */
    diagnose: async (run: { id: string }, name: string) =>
      h.call<StageDiagnosis>('GET', `/stages/${await idOf(run.id, name)}/diagnosis`),
  };
}

const beat = (worker: WireWorker, state = 'running', inFlight = 0) =>
  worker.post('/workers/heartbeat', { state, jobs: [], inFlight, processed: 0, failed: 0 });

const chain: Parameters<Harness['create']>[0] = { stages: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] };

describe('the diagnosis of a stage', () => {
  it('says that it is ready, and how many go before it', async () => {
    const { create, worker, diagnose, at } = await setUp();
    await worker();
    await create({ priority: 5, stages: [{ name: 'a' }] });
    const second = await create({ stages: [{ name: 'a' }] });
    await create({ stages: [{ name: 'a' }] });
    expect(await diagnose(second, 'a')).toEqual({
      stageId: expect.any(String),
      status: 'pending',
      runnable: true,
      reasons: [
        {
          code: 'ready_now',
          message: expect.stringContaining('1 stage goes before it'),
          since: at(0),
          handler: 'a',
          workers: 1,
          ahead: 1,
        },
      ],
      checkedAt: at(0),
    });
  });

  it('names the dependencies that are not done', async () => {
    const { create, worker, diagnose } = await setUp();
    const w = await worker(['a', 'b', 'c']);
    const run = await create({
      stages: [
        { name: 'a', dependsOn: [], runNextIfFailed: true, maxAttempts: 1 },
        { name: 'b', dependsOn: [] },
        { name: 'c', dependsOn: ['a', 'b'] },
      ],
    });
    expect((await diagnose(run, 'c')).reasons).toMatchObject([
      {
        code: 'dependency',
        open: 2,
        dependencies: [
          { name: 'a', status: 'pending' },
          { name: 'b', status: 'pending' },
        ],
      },
    ]);
    await w.nack(await w.one({ handlers: ['a'] }));
    await w.one({ handlers: ['b'] });
    expect((await diagnose(run, 'c')).reasons).toMatchObject([
      { code: 'dependency', open: 1, dependencies: [{ name: 'b', status: 'running' }] },
    ]);
  });

  it('lists the first 20 of many dependencies and counts them all', async () => {
    const { create, diagnose, worker } = await setUp();
    await worker(['a', 'end']);
    const many = Array.from({ length: 50 }, (_, at) => ({ name: `s${at}`, handler: 'a', dependsOn: [] }));
    const run = await create({ stages: [...many, { name: 'end', dependsOn: many.map(({ name }) => name) }] });
    const { reasons } = await diagnose(run, 'end');
    expect(reasons).toMatchObject([{ code: 'dependency', open: 50, message: expect.stringContaining('and 30 more') }]);
    expect((reasons[0] as { dependencies: unknown[] }).dependencies).toHaveLength(20);
  });

  it('names the stage that failed far above a blocked one', async () => {
    const { create, worker, diagnose } = await setUp();
    const w = await worker(['a', 'b', 'c']);
    const run = await create({ stages: [{ name: 'a', maxAttempts: 1 }, { name: 'b' }, { name: 'c' }] });
    await w.nack(await w.one());
    expect(await diagnose(run, 'c')).toMatchObject({
      status: 'blocked',
      runnable: false,
      reasons: [{ code: 'blocked', dependencies: [{ name: 'a', status: 'failed' }] }],
    });
  });

  it('says until when it is delayed', async () => {
    const { create, worker, diagnose, at } = await setUp();
    await worker();
    const run = await create({ stages: [{ name: 'a', delayMs: MINUTE }] });
    expect(await diagnose(run, 'a')).toMatchObject({
      status: 'scheduled',
      runnable: false,
      reasons: [{ code: 'delay', until: at(MINUTE) }],
    });
  });

  it('tells a backoff with the attempt and its error', async () => {
    const { create, worker, diagnose, at } = await setUp();
    const w = await worker();
    const run = await create({ stages: [{ name: 'a', backoff: DELAY, maxAttempts: 4 }] });
    await w.nack(await w.one());
    expect((await diagnose(run, 'a')).reasons).toEqual([
      {
        code: 'backoff',
        message: expect.stringContaining('Attempt 1 of 4 failed with boom: it broke.'),
        since: at(0),
        until: at(MINUTE),
        attempt: 1,
        maxAttempts: 4,
        lastError: { code: 'boom', message: 'it broke' },
      },
    ]);
  });

  it('says when a pipeline starts that has not', async () => {
    const { create, worker, diagnose, at } = await setUp();
    await worker();
    const run = await create({ runAt: at(MINUTE), stages: [{ name: 'a' }] });
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'pipeline_not_started', until: at(MINUTE) }]);
  });

  it('says since when its pipeline is paused, beside what else holds it', async () => {
    const { create, worker, diagnose, controlPlane, call, at } = await setUp();
    await worker(['a', 'b', 'c']);
    const stages = [
      { name: 'a', dependsOn: [] },
      { name: 'b', dependsOn: [], delayMs: MINUTE },
      { name: 'c', dependsOn: ['a'] },
    ];
    const run = await create({ stages });
    await call('POST', `/pipelines/${run.id}/pause`);
    const since = at(0);
    await controlPlane.advance(5_000);
    const message = expect.stringContaining(`POST /pipelines/${run.id}/resume`);
    expect(await diagnose(run, 'a')).toMatchObject({ runnable: false, reasons: [{ code: 'paused', message, since }] });
    expect((await diagnose(run, 'b')).reasons).toMatchObject([{ code: 'delay' }, { code: 'paused', since }]);
    expect((await diagnose(run, 'c')).reasons).toMatchObject([{ code: 'dependency' }, { code: 'paused', since }]);
    await call('POST', `/pipelines/${run.id}/resume`);
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'ready_now' }]);
  });

  it('says that it waits for an event, and until when, and misses no worker for it', async () => {
    const { create, worker, diagnose, at } = await setUp();
    const w = await worker();
    const run = await create({ stages: [{ name: 'a' }, { name: 'approval', waitFor: 'event', timeoutMs: MINUTE }] });
    expect((await diagnose(run, 'approval')).reasons).toMatchObject([{ code: 'dependency' }]);
    await w.ack(await w.one());
    expect(await diagnose(run, 'approval')).toMatchObject({
      status: 'waiting',
      runnable: false,
      reasons: [{ code: 'waiting_event', since: at(0), until: at(MINUTE) }],
    });
  });

  it('says that no live worker has the handler, and which handler is almost the same', async () => {
    const { create, worker, diagnose } = await setUp();
    await worker(['resize-image', 'other']);
    const run = await create({ stages: [{ name: 'a', handler: 'resize-imgae' }] });
    expect(await diagnose(run, 'a')).toMatchObject({
      runnable: true,
      reasons: [{ code: 'no_worker', handler: 'resize-imgae', didYouMean: 'resize-image' }],
    });
  });

  it('names the worker that had the handler before it went silent', async () => {
    const { create, worker, diagnose, controlPlane, at } = await setUp();
    const w = await worker();
    const run = await create({ stages: [{ name: 'a' }] });
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'ready_now' }]);
    const seenAt = at(0);
    await controlPlane.advance(MINUTE);
    expect((await diagnose(run, 'a')).reasons).toMatchObject([
      { code: 'no_worker', lastWorker: { id: w.session.workerId, name: 'worker-1', lastSeenAt: seenAt } },
    ]);
  });

  it('does not count a worker that has shut down, nor one of another application', async () => {
    const { create, worker, diagnose, call, send } = await setUp();
    const w = await worker();
    await w.post('/workers/shutdown', {});
    await call('POST', '/applications', { name: 'other' });
    const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['work'], application: 'other' });
    const body = { workerName: 'theirs', supportedHandlers: ['a', 'aa'] };
    expect((await send('POST', '/workers/bootstrap', body, { authorization: `Bearer ${key}` })).status).toBe(200);
    const run = await create({ stages: [{ name: 'a' }] });
    const { reasons } = await diagnose(run, 'a');
    expect(reasons).toMatchObject([{ code: 'no_worker', lastWorker: { id: w.session.workerId } }]);
    expect(reasons[0]).not.toHaveProperty('didYouMean');
  });

  it('finds a handler by its exact name, whatever characters are in it', async () => {
    const { create, worker, diagnose } = await setUp();
    await worker(['x"a', 'A', ',', '100%_', 'back\\slash']);
    const codeFor = async (handler: string) =>
      (await diagnose(await create({ stages: [{ name: 's', handler }] }), 's')).reasons[0]?.code;
    expect(await codeFor('a')).toBe('no_worker');
    expect(await codeFor('100__')).toBe('no_worker');
    for (const handler of ['x"a', 'A', ',', '100%_', 'back\\slash']) expect(await codeFor(handler)).toBe('ready_now');
  });

  it('says that all workers with the handler drain', async () => {
    const { create, worker, diagnose, call } = await setUp();
    const ordered = await worker();
    const draining = await worker();
    await call('POST', `/workers/${ordered.session.workerId}/drain`);
    await beat(draining, 'draining');
    const run = await create({ stages: [{ name: 'a' }] });
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'workers_draining', handler: 'a', workers: 2 }]);
  });

  it('says that all workers with the handler are busy, counting the jobs that they hold now', async () => {
    const { create, worker, diagnose } = await setUp();
    const w = await worker(['a', 'b']);
    for (const handler of ['a', 'b']) await create({ stages: [{ name: 's', handler }] });
    const jobs = await w.pull();
    const run = await create({ stages: [{ name: 'a' }] });
    expect(await diagnose(run, 'a')).toMatchObject({
      runnable: true,
      reasons: [{ code: 'all_busy', workers: 1, inFlight: 2, ahead: 0 }],
    });
    await beat(w, 'running', 2);
    for (const job of jobs) await w.ack(job); // what its last heartbeat said is over
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'ready_now' }]);
  });

  it('says who runs it, until when, and since when nothing was heard of it', async () => {
    const { create, worker, diagnose, controlPlane, at } = await setUp();
    const w = await worker();
    const run = await create({ stages: [{ name: 'a', timeoutMs: 5 * MINUTE }] });
    await w.one();
    const [since, until, timeoutAt] = [at(0), at(MINUTE), at(5 * MINUTE)];
    await controlPlane.advance(7_000);
    expect((await diagnose(run, 'a')).reasons).toEqual([
      {
        code: 'leased',
        message: expect.stringContaining('worker "worker-1"'),
        since,
        until,
        workerId: w.session.workerId,
        workerName: 'worker-1',
        fencingToken: 1,
        attempt: 1,
        maxAttempts: 3,
        timeoutAt,
        heartbeatAgeMs: 7_000,
      },
    ]);
  });

  it('says that it is over, with the error of a failed one', async () => {
    const { create, worker, diagnose, call } = await setUp();
    const w = await worker(['a', 'b']);
    const run = await create(chain);
    await w.ack(await w.one());
    await w.nack(await w.one(), { retryable: false });
    expect((await diagnose(run, 'a')).reasons).toMatchObject([{ code: 'finished' }]);
    expect((await diagnose(run, 'b')).reasons).toMatchObject([{ code: 'finished', error: { code: 'boom' } }]);
    const other = await create(chain);
    await call('POST', `/pipelines/${other.id}/cancel`);
    expect(await diagnose(other, 'c')).toMatchObject({ status: 'cancelled', reasons: [{ code: 'finished' }] });
  });

  it('is not found for a stage of another application, nor for one that never was', async () => {
    const { create, idOf, call, send } = await setUp();
    const run = await create({ stages: [{ name: 'a' }] });
    const path = `/stages/${await idOf(run.id, 'a')}/diagnosis`;
    await call('POST', '/applications', { name: 'other' });
    const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['read'], application: 'other' });
    expect((await send('GET', path, undefined, { authorization: `Bearer ${key}` })).status).toBe(404);
    expect((await send('GET', '/stages/99/diagnosis')).status).toBe(404);
    expect((await send('GET', '/stages/nonsense/diagnosis')).status).toBe(404);
  });
});
