import type { Insights, Worker } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const beat = (worker: WireWorker, inFlight: number) =>
  worker.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight, processed: 0, failed: 0 });
const insightsOf = (h: Harness, query = '') => h.call<Insights>('GET', `/observability/insights${query}`);

describe('utilisation', () => {
  it('is the share of the time of all slots, from beat to beat, in which they had a job', async () => {
    const h = await harness();
    const four = await h.worker(['a'], { concurrency: 4 });
    const one = await h.worker(['a'], { concurrency: 1, pool: 'gpu' });
    const older = await h.worker(['a']);
    for (const [ours, theirs] of [
      [4, 0],
      [2, 1],
      [9, 0], // more than it takes counts as full
    ] as const) {
      await h.controlPlane.jump(10 * SECOND);
      await Promise.all([beat(four, ours), beat(one, theirs), beat(older, 1)]);
    }
    const expected = [
      { pool: 'default', busySeconds: 100, slotSeconds: 120, utilisation: 100 / 120 },
      { pool: 'gpu', busySeconds: 10, slotSeconds: 30, utilisation: 1 / 3 },
    ];
    expect(await insightsOf(h)).toMatchObject({ pools: expected, summary: { utilisation: 110 / 150 } });
    await h.controlPlane.advance(6 * SECOND); // folded
    expect(await insightsOf(h, '?range=90d')).toMatchObject({ pools: expected, summary: { utilisation: 110 / 150 } });
    expect(await insightsOf(h, '?handler=a')).toMatchObject({ pools: [], summary: { utilisation: null } });
    const workers = await h.call<{ items: Worker[] }>('GET', '/workers');
    expect(workers.items.map(({ concurrency }) => concurrency).sort()).toEqual([1, 4, undefined]);
  });

  it('takes silence for longer than a lease for no time at work, and two beats in one commit for one', async () => {
    const h = await harness({ leaseMs: MINUTE });
    const worker = await h.worker(['a'], { concurrency: 2 });
    await h.controlPlane.jump(10 * SECOND);
    await beat(worker, 1);
    await h.controlPlane.jump(10 * MINUTE);
    await beat(worker, 2);
    expect((await insightsOf(h)).pools).toMatchObject([{ busySeconds: 10, slotSeconds: 20 }]);
    await h.controlPlane.jump(10 * SECOND);
    await Promise.all([beat(worker, 2), beat(worker, 2)]);
    expect((await insightsOf(h)).pools).toMatchObject([{ busySeconds: 30, slotSeconds: 40 }]);
  });

  it('is not known of workers that do not say how many jobs they take', async () => {
    const h = await harness();
    const worker = await h.worker();
    await h.controlPlane.jump(10 * SECOND);
    await beat(worker, 1);
    expect(await insightsOf(h)).toMatchObject({ pools: [], summary: { utilisation: null } });
    const { workerId } = worker.session;
    const bad = { workerName: 'w', supportedHandlers: ['a'], concurrency: 0 };
    expect((await h.send('POST', '/workers/bootstrap', bad)).status).toBe(422);
    expect((await h.call<Worker>('GET', `/workers/${workerId}`)).concurrency).toBeUndefined();
  });
});
