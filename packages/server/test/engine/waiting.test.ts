import { expect, it } from 'vitest';
import { harness } from './support.js';

it('hands a stage to a pull that has been waiting since before the stage was ready', async () => {
  const { create, worker, controlPlane } = await harness();
  const w = await worker(['a']);
  const waiting = w.pull({ waitMs: 30_000 });
  await controlPlane.advance(0); // it has looked, found nothing and is parked
  const run = await create({ stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
  const [first] = await waiting;
  expect(first).toMatchObject({ stage: 'a', pipelineId: run.id });
  const next = w.pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  await w.ack(first as never);
  expect(await next).toMatchObject([{ stage: 'b' }]);
  await controlPlane.close();
});

it('answers a waiting pull with no jobs when its time is over', async () => {
  const { worker, controlPlane } = await harness();
  const w = await worker();
  const waiting = w.pull({ waitMs: 5_000 });
  await controlPlane.advance(4_999);
  const early = await Promise.race([waiting, Promise.resolve('still waiting')]);
  expect(early).toBe('still waiting');
  await controlPlane.advance(1);
  expect(await waiting).toEqual([]);
  await controlPlane.close();
});

it('wakes the longest waiting worker first, one per ready stage', async () => {
  const { create, worker, controlPlane } = await harness();
  const first = (await worker()).pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  const second = (await worker()).pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  await create({ stages: [{ name: 'a' }] });
  expect(await first).toHaveLength(1);
  await create({ stages: [{ name: 'a' }] });
  expect(await second).toHaveLength(1);
  await controlPlane.close();
});

it('shares a burst between idle workers instead of giving it all to one', async () => {
  const { create, worker, controlPlane } = await harness();
  const pulls = [(await worker()).pull({ waitMs: 30_000 }), (await worker()).pull({ waitMs: 30_000 })];
  await controlPlane.advance(0);
  const stages = Array.from({ length: 6 }, (_, index) => ({ name: `s${index}`, handler: 'a', dependsOn: [] }));
  await create({ stages });
  expect((await Promise.all(pulls)).map((jobs) => jobs.length)).toEqual([3, 3]);
  await controlPlane.close();
});

it('answers the waiting pulls of a worker that is drained, and gives it no more work', async () => {
  const { create, worker, call, controlPlane } = await harness();
  const w = await worker();
  const waiting = w.pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  await call('POST', `/workers/${w.session.workerId}/drain`);
  expect(await waiting).toEqual([]);
  await create({ stages: [{ name: 'a' }] });
  expect(await w.pull({ waitMs: 30_000 })).toEqual([]);
  expect(await w.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 })).toMatchObject({
    order: 'drain',
  });
  expect(await (await worker()).pull()).toHaveLength(1);
  await controlPlane.close();
});

it('answers waiting pulls at once when the server shuts down', async () => {
  const { worker, controlPlane } = await harness();
  const waiting = (await worker()).pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  await controlPlane.close();
  expect(await waiting).toEqual([]);
});

it('answers an older pull of a worker when a newer one gets work, so that it stands in nobody’s way', async () => {
  const { create, worker, controlPlane } = await harness();
  const w = await worker();
  const older = w.pull({ pullSeq: 1, waitMs: 30_000 });
  await controlPlane.advance(0);
  await create({ stages: [{ name: 'a', handler: 'other' }] });
  const newer = await w.pull({ pullSeq: 2, handlers: ['other'] });
  expect(newer).toHaveLength(1);
  expect(await older).toEqual([]);
  await controlPlane.close();
});

it('answers the pulls of an old session when the worker bootstraps again', async () => {
  const { create, worker, call, controlPlane } = await harness();
  const w = await worker();
  const waiting = w.pull({ pullSeq: 900, waitMs: 30_000 });
  await controlPlane.advance(0);
  const body = { workerName: 'again', instanceId: 'instance-1', supportedHandlers: ['a'] };
  const session = await call<{ workerId: string; sessionToken: string }>('POST', '/workers/bootstrap', body);
  expect(session.workerId).toBe(w.session.workerId);
  expect(await waiting).toEqual([]);
  await create({ stages: [{ name: 'a' }] });
  const pull = { workerId: session.workerId, pullSeq: 1, handlers: ['a'], maxJobs: 1 };
  expect(await call('POST', '/jobs/pull', pull, { 'x-worker-session': session.sessionToken })).toMatchObject({
    jobs: [{ stage: 'a' }],
  });
  await expect(w.pull()).rejects.toThrow('401 session_invalid');
  await controlPlane.close();
});

it('stops filling an answer at its limit of bytes, outputs and context included', async () => {
  const { create, worker, controlPlane } = await harness({ maxPullBytes: 500_000 });
  const w = await worker();
  for (let index = 0; index < 4; index++) await create({ stages: [{ name: 'a' }, { name: 'b' }] });
  const first = await w.pull();
  await w.post('/jobs/ack', { acks: first.map((job) => ({ id: job.id, fencingToken: 1, output: 'x'.repeat(200_000) })) });
  expect(await w.pull({ handlers: ['b'] })).toHaveLength(2);
  expect(await w.pull({ handlers: ['b'] })).toHaveLength(2);
  await controlPlane.close();
});

it('passes a wake-up on when the woken pull takes less than became ready, or may take nothing', async () => {
  const { create, worker, call, controlPlane } = await harness();
  const narrow = (await worker(['x', 'y'])).pull({ handlers: ['x', 'y'], maxJobs: 1, waitMs: 30_000 });
  await controlPlane.advance(0);
  const other = (await worker(['x', 'y'])).pull({ handlers: ['x', 'y'], maxJobs: 1, waitMs: 30_000 });
  await controlPlane.advance(0);
  const drained = await worker(['z']);
  const leaving = drained.pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  const next = (await worker(['z'])).pull({ waitMs: 30_000 });
  await controlPlane.advance(0);
  const stages = ['x', 'y'].map((handler) => ({ name: handler, dependsOn: [] }));
  await create({ stages });
  expect([await narrow, await other].map((jobs) => jobs.length)).toEqual([1, 1]);
  const beat = { state: 'draining', jobs: [], inFlight: 0, processed: 0, failed: 0 };
  await drained.post('/workers/heartbeat', beat);
  await create({ stages: [{ name: 'z' }] });
  expect(await next).toHaveLength(1);
  expect(await leaving).toEqual([]);
  await call('GET', '/workers');
  await controlPlane.close();
});

it('gives a repeated pull the place of the first, whose caller is lost', async () => {
  const { create, worker, controlPlane } = await harness();
  const w = await worker();
  const lost = w.pull({ pullSeq: 1, waitMs: 30_000 });
  await controlPlane.advance(0);
  const repeated = w.pull({ pullSeq: 1, waitMs: 30_000 });
  await controlPlane.advance(0);
  expect(await lost).toEqual([]);
  await create({ stages: [{ name: 'a' }] });
  expect(await repeated).toHaveLength(1);
  await controlPlane.close();
});
