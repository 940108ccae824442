import { describe, expect, it } from 'vitest';
import { harness } from './support.js';

const on = (name: string, dependsOn: string[], extra: object = {}) => ({ name, handler: 'a', dependsOn, ...extra });

describe('a graph of stages', () => {
  it('starts a stage when all its dependencies are satisfied, also when they settle in one group', async () => {
    const { create, worker, statuses, controlPlane } = await harness();
    const run = await create({ stages: [on('left', []), on('right', []), on('join', ['left', 'right'])] });
    const w = await worker();
    const jobs = await w.pull();
    await w.post('/jobs/ack', { acks: jobs.map((job) => ({ id: job.id, fencingToken: job.fencingToken, output: job.stage })) });
    expect(await w.pull()).toMatchObject([{ stage: 'join', outputs: { left: 'left', right: 'right' }, previousOutput: null }]);
    expect(await statuses(run.id)).toMatchObject({ join: 'running' });
    await controlPlane.close();
  });

  it('blocks everything downstream of a failed stage and fails the pipeline when the rest is done', async () => {
    const { create, worker, statuses, call, controlPlane } = await harness();
    const run = await create({
      stages: [on('bad', [], { maxAttempts: 1 }), on('good', []), on('next', ['bad']), on('last', ['next', 'good'])],
    });
    const w = await worker();
    const [bad, good] = await w.pull();
    await w.nack(bad as never);
    expect(await statuses(run.id)).toEqual({ bad: 'failed', good: 'running', next: 'blocked', last: 'blocked' });
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'running' });
    await w.ack(good as never);
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({
      status: 'failed',
      stages: { total: 4, open: 0, completed: 1, failed: 1, blocked: 2 },
    });
    await controlPlane.close();
  });

  it('goes on after a failure that is allowed, and completes', async () => {
    const { create, worker, call, controlPlane } = await harness();
    const run = await create({
      stages: [on('optional', [], { maxAttempts: 1, runNextIfFailed: true }), on('next', ['optional'])],
    });
    const w = await worker();
    await w.nack(await w.one());
    const next = await w.one();
    expect(next).toMatchObject({ stage: 'next', outputs: { optional: null } });
    await w.ack(next);
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'completed' });
    await controlPlane.close();
  });

  it('retries with backoff until maxAttempts is spent', async () => {
    const { create, worker, statuses, call, controlPlane } = await harness();
    const backoff = { type: 'exponential', delayMs: 1_000, jitter: false };
    const run = await create({ stages: [on('a', [], { maxAttempts: 3, backoff: backoff as never })] });
    const w = await worker();
    expect((await w.nack(await w.one())).settled).toMatchObject([{ status: 'scheduled' }]);
    await controlPlane.advance(999);
    expect(await w.pull()).toEqual([]);
    await controlPlane.advance(1);
    await w.nack(await w.one());
    await controlPlane.advance(1_999);
    expect(await w.pull()).toEqual([]);
    await controlPlane.advance(1);
    expect((await w.nack(await w.one())).settled).toMatchObject([{ status: 'failed' }]);
    expect(await statuses(run.id)).toEqual({ a: 'failed' });
    expect(await call('GET', `/pipelines/${run.id}/attempts`)).toMatchObject({
      items: [{ outcome: 'retried' }, { outcome: 'retried' }, { outcome: 'failed', error: { code: 'boom' } }],
    });
    await controlPlane.close();
  });

  it('fails at once when the worker says that a retry is pointless, and waits as long as the worker asks', async () => {
    const { create, worker, statuses, controlPlane } = await harness();
    const run = await create({ stages: [on('a', []), on('b', [])] });
    const w = await worker();
    const [a, b] = await w.pull();
    expect((await w.nack(a as never, { retryable: false })).settled).toMatchObject([{ status: 'failed' }]);
    expect((await w.nack(b as never, { retryAfterMs: 60_000 })).settled).toMatchObject([{ status: 'scheduled' }]);
    await controlPlane.advance(60_000);
    expect(await w.pull()).toMatchObject([{ stage: 'b', attempt: 2 }]);
    expect(await statuses(run.id)).toEqual({ a: 'failed', b: 'running' });
    await controlPlane.close();
  });

  it('releases without spending an attempt, now or later', async () => {
    const { create, worker, controlPlane } = await harness();
    await create({ stages: [on('a', [], { maxAttempts: 1 })] });
    const w = await worker();
    expect((await w.release(await w.one())).settled).toMatchObject([{ status: 'pending' }]);
    expect((await w.release(await w.one(), { delayMs: 5_000 })).settled).toMatchObject([{ status: 'scheduled' }]);
    await controlPlane.advance(5_000);
    expect(await w.one()).toMatchObject({ attempt: 1, fencingToken: 3 });
    await controlPlane.close();
  });

  it('delays stages by delayMs from the moment they are ready, and whole pipelines by runAt', async () => {
    const { create, worker, call, controlPlane } = await harness();
    await create({ stages: [on('a', []), on('b', ['a'], { delayMs: 10_000 })] });
    const runAt = new Date(controlPlane.now() + 60_000).toISOString();
    const later = await create({ name: 'later', runAt, stages: [on('c', [])] });
    expect(later.status).toBe('not_started');
    const w = await worker();
    await controlPlane.advance(20_000);
    await w.ack(await w.one());
    expect(await w.pull()).toEqual([]);
    await controlPlane.advance(10_000);
    expect(await w.pull()).toMatchObject([{ stage: 'b' }]);
    await controlPlane.advance(30_000);
    expect(await w.pull()).toMatchObject([{ stage: 'c' }]);
    expect(await call('GET', `/pipelines/${later.id}`)).toMatchObject({ status: 'running' });
    await controlPlane.close();
  });

  it('cancels what waits at once, fences what runs, and tells its worker', async () => {
    const { create, worker, statuses, call, controlPlane } = await harness();
    const run = await create({ stages: [on('a', []), on('b', ['a'])] });
    const w = await worker();
    const job = await w.one();
    expect(await call('POST', `/pipelines/${run.id}/cancel`, { reason: 'wrong order' })).toMatchObject({
      status: 'cancelled',
      cancelReason: 'wrong order',
      stages: { open: 0, cancelled: 2 },
    });
    expect(await statuses(run.id)).toEqual({ a: 'cancelled', b: 'cancelled' });
    expect((await w.ack(job)).settled).toMatchObject([{ error: { reason: 'cancelled' } }]);
    const beat = { state: 'running', jobs: [{ id: job.id, fencingToken: 1 }], inFlight: 1, processed: 0, failed: 0 };
    expect(await w.post('/workers/heartbeat', beat)).toMatchObject({ lost: [{ id: job.id, reason: 'cancelled' }] });
    expect(await call('POST', `/pipelines/${run.id}/cancel`, {})).toMatchObject({ status: 'cancelled' });
    await controlPlane.close();
  });

  it('refuses to cancel what is over, naming its state', async () => {
    const { create, worker, call, controlPlane } = await harness();
    const run = await create({ stages: [on('a', [])] });
    const w = await worker();
    await w.ack(await w.one());
    await expect(call('POST', `/pipelines/${run.id}/cancel`, {})).rejects.toThrow(/409 state_conflict: .*completed/);
    await controlPlane.close();
  });
});

describe('what travels between stages', () => {
  it('resolves output references when a stage is leased', async () => {
    const { create, worker, controlPlane } = await harness();
    await create({
      stages: [
        on('charge', []),
        on('pack', ['charge'], { input: { id: { $output: { stage: 'charge', path: ['receipt', 'ids', 1] } }, keep: [1, null] } }),
      ],
    });
    const w = await worker();
    await w.ack(await w.one(), { output: { receipt: { ids: ['x', 'y'] } } });
    expect(await w.one()).toMatchObject({ stage: 'pack', input: { id: 'y', keep: [1, null] } });
    await controlPlane.close();
  });

  it('fails a stage whose reference leads nowhere, before any delivery', async () => {
    const { create, worker, call, controlPlane } = await harness();
    const run = await create({
      stages: [on('a', []), on('b', ['a'], { input: { $output: { stage: 'a', path: ['missing'] } } }), on('c', ['b'])],
    });
    const w = await worker();
    await w.ack(await w.one(), { output: {} });
    expect(await w.pull()).toEqual([]);
    expect(await call('GET', `/pipelines/${run.id}/stages`)).toMatchObject({
      items: [
        { status: 'completed' },
        { status: 'failed', error: { code: 'input_unresolvable' }, fencingToken: 0 },
        { status: 'blocked' },
      ],
    });
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'failed' });
    await controlPlane.close();
  });

  it('commits context with the ack and drops it with a nack', async () => {
    const { create, worker, call, controlPlane } = await harness();
    const run = await create({ stages: [on('a', [], { backoff: { type: 'fixed', delayMs: 0 } as never }), on('b', ['a'])] });
    const w = await worker();
    await w.nack(await w.one());
    await w.ack(await w.one(), {
      context: [
        { key: 'total', value: 3 },
        { key: 'secret', value: 'x', sensitive: true },
      ],
    });
    expect(await w.one()).toMatchObject({ stage: 'b', context: { total: 3, secret: 'x' } });
    expect(await call('GET', `/pipelines/${run.id}/context`)).toMatchObject({
      items: [
        { key: 'secret', value: '[redacted]' },
        { key: 'total', value: 3 },
      ],
    });
    await controlPlane.close();
  });

  it('fails one stage whose output is too large and settles its neighbours', async () => {
    const { create, worker, statuses, controlPlane } = await harness();
    const run = await create({ stages: [on('big', []), on('small', [])] });
    const w = await worker();
    const [big, small] = await w.pull();
    const { settled } = await w.post<{ settled: unknown[] }>('/jobs/ack', {
      acks: [
        { id: big?.id, fencingToken: 1, output: 'x'.repeat(300_000) },
        { id: small?.id, fencingToken: 1, output: 'ok' },
      ],
    });
    expect(settled).toMatchObject([{ status: 'failed', failedBecause: 'output_too_large' }, { status: 'completed' }]);
    expect(await statuses(run.id)).toEqual({ big: 'failed', small: 'completed' });
    await controlPlane.close();
  });

  it('fails a stage without output when it says so', async () => {
    const { create, worker, controlPlane } = await harness();
    await create({ stages: [on('a', [], { failIfOutputEmpty: true })] });
    const w = await worker();
    expect((await w.ack(await w.one(), { output: [] })).settled).toMatchObject([
      { status: 'failed', failedBecause: 'output_empty' },
    ]);
    await controlPlane.close();
  });

  it('sends large outputs by reference, in pages, only to the holder', async () => {
    const { create, worker, send, controlPlane } = await harness();
    await create({ context: { note: 'n' }, stages: [on('a', []), on('b', []), on('join', ['a', 'b'])] });
    const w = await worker();
    for (const job of await w.pull()) await w.ack(job, { output: job.stage.repeat(200_000) });
    const job = await w.one();
    expect(job).toMatchObject({ payloadByReference: true, outputs: {}, context: {}, outputHandlers: { a: 'a', b: 'a' } });
    const outputs: Record<string, string> = {};
    let context = {};
    let cursor: string | null = '';
    while (cursor !== null) {
      const query = `fencingToken=1&workerId=${w.session.workerId}${cursor && `&cursor=${cursor}`}`;
      const page = (await (await send('GET', `/jobs/${job.id}/payload?${query}`, undefined, w.headers)).json()) as never as {
        outputs: object;
        context: object;
        nextCursor: string | null;
      };
      Object.assign(outputs, page.outputs);
      context = { ...context, ...page.context };
      cursor = page.nextCursor;
    }
    expect([outputs.a?.length, outputs.b?.length, context]).toEqual([200_000, 200_000, { note: 'n' }]);
    const other = await worker();
    const refused = await send(
      'GET',
      `/jobs/${job.id}/payload?fencingToken=1&workerId=${other.session.workerId}`,
      undefined,
      other.headers,
    );
    expect(refused.status).toBe(409);
    await controlPlane.close();
  });
});

describe('a graph that is small to write and large to build', () => {
  it('is refused before it is built', async () => {
    const { call, controlPlane } = await harness();
    const roots = Array.from({ length: 1_500 }, (_, index) => on(`r${index}`, []));
    const peers = Array.from({ length: 1_500 }, (_, index) => ({ name: `p${index}`, runInParallelWith: ['x'] }));
    const stages = [
      ...roots,
      on(
        'x',
        roots.map((root) => root.name),
      ),
      ...peers,
    ];
    await expect(call('POST', '/pipelines', { name: 'wide', stages })).rejects.toThrow(/422 invalid_pipeline: .*dependencies/);
    await controlPlane.close();
  });
});
