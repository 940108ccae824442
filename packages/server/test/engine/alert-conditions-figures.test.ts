import { describe, expect, it } from 'vitest';
import { type Alerted, look, toldOf, watching } from './alerts-support.js';
import type { WireWorker } from './support.js';

/** An incident of three runs that failed, and nothing has run for longer than the window since. */
async function lowSuccess(more: object = {}) {
  const condition = { metric: 'success_rate', direction: 'below', threshold: 0.5, minSamples: 3, windowMs: 60_000 } as const;
  const watched = await watching('threshold_crossed', condition, more);
  for (let count = 0; count < 3; count++) await watched.a.failing('order');
  await look(watched.a, 3);
  await watched.receiver.has(1);
  await watched.a.controlPlane.advance(180_000);
  return watched;
}

const states = async (a: Alerted): Promise<string[]> => (await a.incidents()).map(({ status }) => status);

describe('figures of samples', () => {
  // Seen to fail: a window without runs was told as the end of the incident.
  it('do not recover because nothing runs any more, but by what runs', async () => {
    const { a, receiver, told } = await lowSuccess();
    expect(await states(a)).toEqual(['open']);
    for (let count = 0; count < 3; count++) await a.passing('order');
    await look(a, 3);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
    expect(await states(a)).toEqual(['resolved']);
  });

  it('are over when nothing was known of them for resolveAfterMs', async () => {
    const { a, receiver } = await lowSuccess({ resolveAfterMs: 600_000 });
    expect(await states(a)).toEqual(['open']);
    await a.controlPlane.jump(600_000);
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  // Seen to fail: what the rule looked at before was not known for ever after.
  it('are over when their rule takes them of something else', async () => {
    const { a } = await lowSuccess();
    const [rule] = (await a.call<{ items: { id: string; createdAt: string; updatedAt: string }[] }>('GET', '/alerts/rules'))
      .items;
    const { id, createdAt: _, updatedAt: __, ...spec } = rule as NonNullable<typeof rule>;
    await a.call('PUT', `/alerts/rules/${id}`, { ...spec, match: { pipelines: ['other'] } });
    expect(await states(a)).toEqual(['resolved']);
  });
});

const SECOND = 1_000;
const beat = (worker: WireWorker, inFlight: number) =>
  worker.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight, processed: 0, failed: 0 });

describe('figures of workers', () => {
  const ofGpu = { match: { pools: ['gpu-*'] } };

  // Seen to fail while all workers counted: one of another pool was online.
  it('workers_online counts those of the pools that the rule matches', async () => {
    const condition = { metric: 'workers_online', direction: 'below', threshold: 0 } as const;
    const { a, receiver, told } = await watching('threshold_crossed', condition, ofGpu);
    await a.worker(['a']);
    const gpu = await a.worker(['a'], { pool: 'gpu-1' });
    await look(a);
    expect(told()).toEqual([]);
    await gpu.post('/workers/shutdown', {});
    await look(a);
    await receiver.has(1);
    await a.worker(['a'], { pool: 'gpu-2' });
    await look(a);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
  });

  // Seen to fail while all slots counted: most of them were idle.
  it('worker_utilisation is of the slots of the pools that the rule matches', async () => {
    const condition = { metric: 'worker_utilisation', threshold: 0.9, windowMs: 60_000 } as const;
    const { a, receiver } = await watching('threshold_crossed', condition, ofGpu);
    const [idle, gpu] = [await a.worker(['a'], { concurrency: 8 }), await a.worker(['a'], { concurrency: 1, pool: 'gpu-1' })];
    for (let count = 0; count < 3; count++) {
      await a.controlPlane.jump(10 * SECOND);
      await Promise.all([beat(idle, 0), beat(gpu, 1)]);
    }
    await look(a);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ subject: 'worker_utilisation', value: '1' });
  });
});
