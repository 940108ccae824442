import type { Overview } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { alerted, aReceiver } from './alerts-support.js';
import { type Harness, harness } from './support.js';

const overviewOf = (h: Harness) => h.call<Overview>('GET', '/observability/overview');
const twoStages = {
  stages: [
    { name: 'one', handler: 'a' },
    { name: 'two', handler: 'b', dependsOn: [] },
  ],
};

describe('the overview', () => {
  it('is all zero before anything happened', async () => {
    const h = await harness();
    expect(await overviewOf(h)).toEqual({
      at: new Date(h.controlPlane.now()).toISOString(),
      stages: { running: 0, ready: 0, countedTo: 10_000 },
      pipelines: { running: 0, paused: 0, notStarted: 0, countedTo: 10_000 },
      handlers: [],
      workers: { online: 0, onlineHourAgo: 0, draining: 0 },
      pools: [],
      incidents: { open: 0, acknowledged: 0, muted: 0 },
    });
  });

  it('counts what runs and what waits, by handler, and since when the oldest waits', async () => {
    const h = await harness();
    const oldestReadyAt = new Date(h.controlPlane.now()).toISOString();
    await h.create(twoStages);
    await h.controlPlane.advance(1_000);
    await h.create(twoStages);
    const worker = await h.worker(['a']);
    await worker.one();
    const { stages, handlers, pipelines } = await overviewOf(h);
    expect(stages).toMatchObject({ running: 1, ready: 3, oldestReadyAt });
    expect(handlers).toEqual([
      { handler: 'a', running: 1, ready: 1, oldestReadyAt: new Date(h.controlPlane.now()).toISOString() },
      { handler: 'b', running: 0, ready: 2, oldestReadyAt },
    ]);
    expect(pipelines).toMatchObject({ running: 2, paused: 0, notStarted: 0 });
  });

  it('leaves out what is held or has not started', async () => {
    const h = await harness();
    const { id } = await h.create(twoStages);
    await h.call('POST', `/pipelines/${id}/pause`);
    await h.create({ ...twoStages, runAt: new Date(h.controlPlane.now() + 60_000).toISOString() });
    const { stages, pipelines } = await overviewOf(h);
    expect(stages).toMatchObject({ running: 0, ready: 0 });
    expect(pipelines).toMatchObject({ running: 0, paused: 1, notStarted: 1 });
  });

  it('knows who is online, in which pool, with how much room, and drops who fell silent', async () => {
    const h = await harness();
    const worker = await h.worker(['a'], { concurrency: 4, pool: 'fast' });
    await h.worker(['b'], { pool: 'slow' });
    const beat = () => worker.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 3, processed: 0, failed: 0 });
    await beat();
    const { workers, pools } = await overviewOf(h);
    expect(workers).toEqual({ online: 2, onlineHourAgo: 0, draining: 0 });
    expect(pools).toEqual([
      { pool: 'fast', workers: 1, inFlight: 3, slots: 4, slotsUsed: 3 },
      { pool: 'slow', workers: 1, inFlight: 0, slots: 0, slotsUsed: 0 },
    ]);
    await h.controlPlane.advance(29_000);
    await beat();
    await h.controlPlane.advance(2_000);
    await h.call('POST', `/workers/${worker.session.workerId}/drain`);
    expect((await overviewOf(h)).workers).toMatchObject({ online: 1, draining: 1 });
  });

  it('counts incidents that are not resolved', async () => {
    const a = await alerted();
    const { id } = await a.channel(await aReceiver());
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    await a.failing('one');
    await a.failing('two');
    const [first] = await a.hasIncidents(2);
    await a.call('POST', `/alerts/incidents/${first?.id}/ack`);
    expect((await overviewOf(a)).incidents).toEqual({ open: 1, acknowledged: 1, muted: 0 });
  });

  it('says of how many open incidents nobody is told', async () => {
    const a = await alerted();
    const { id } = await a.channel(await aReceiver());
    for (const event of ['dead_letter', 'pipeline_failed'] as const) await a.rule({ events: [event], channels: [id] });
    await a.failing();
    await expect.poll(async () => (await overviewOf(a)).incidents).toEqual({ open: 2, acknowledged: 0, muted: 1 });
  });

  it('tells nothing of other applications', async () => {
    const h = await harness();
    await h.create(twoStages);
    await h.worker(['a']);
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'other', scopes: ['read'], application: 'other' });
    const other = await h.call<Overview>('GET', '/observability/overview', undefined, { authorization: `Bearer ${key}` });
    expect(other).toMatchObject({ stages: { ready: 0 }, pipelines: { running: 0 }, workers: { online: 0 }, handlers: [] });
  });
});
