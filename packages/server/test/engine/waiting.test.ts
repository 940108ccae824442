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
