import type { Insights, Measure, ProgressResponse, StageJob } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const measuresOf = async (h: Harness, query = '?limit=200') =>
  (await h.call<Insights>('GET', `/observability/insights${query}`)).measures;
const folded = (h: Harness) => h.controlPlane.advance(6_000);

async function aJob(h: Harness, worker: WireWorker, name = 'orders'): Promise<StageJob> {
  await h.create({ name, stages: [{ name: 'charge', handler: 'a', maxAttempts: 2, backoff: { type: 'fixed', delayMs: 0 } }] });
  return worker.one();
}

const report = (worker: WireWorker, { id, fencingToken }: StageJob, measures: Measure[]) =>
  worker.post<ProgressResponse>('/jobs/progress', { reports: [{ id, fencingToken, measures }] });

describe('measures', () => {
  it('of an ack are counted with it, by name, unit, pipeline and handler, before and after they are folded', async () => {
    const h = await harness();
    const worker = await h.worker();
    const amounts = [10, 20, 30, -40, 0, 0.25].map((value) => ({ name: 'amount', value, unit: 'eur' }));
    await worker.ack(await aJob(h, worker), { measures: [...amounts, { name: 'amount', value: 7, unit: 'usd' }] });
    await worker.ack(await aJob(h, worker, 'refunds'), { measures: [{ name: 'rows', value: 3 }] });
    const expected = [
      {
        name: 'amount',
        unit: 'eur',
        pipeline: 'orders',
        handler: 'a',
        sum: 20.25,
        values: { count: 6, min: -40, max: 30, mean: 3.375 },
      },
      { name: 'amount', unit: 'usd', pipeline: 'orders', sum: 7, values: { count: 1, p50: 7 } },
      { name: 'rows', unit: null, pipeline: 'refunds', sum: 3, values: { count: 1, p99: 3 } },
    ];
    const byName = async (query?: string) =>
      (await measuresOf(h, query)).sort((one, other) => `${one.name}${one.unit}`.localeCompare(`${other.name}${other.unit}`));
    expect(await byName()).toMatchObject(expected);
    await folded(h);
    expect(await byName()).toMatchObject(expected);
    expect(await byName('?range=90d')).toMatchObject(expected);
    expect(await byName('?pipeline=refunds')).toMatchObject([expected[2]]);
  });

  it('count once when the ack is repeated, and not at all with a nack, a stale ack or one that fails its stage', async () => {
    const h = await harness();
    const worker = await h.worker();
    const measures = [{ name: 'amount', value: 1 }];
    const job = await aJob(h, worker);
    await worker.nack(job);
    const again = await worker.one();
    await worker.ack(job, { measures }); // of the delivery before
    await worker.ack(again, { measures });
    await worker.ack(again, { measures });
    await h.create({ stages: [{ name: 'charge', handler: 'a', failIfOutputEmpty: true }] });
    await worker.ack(await worker.one(), { measures });
    expect(await measuresOf(h)).toMatchObject([{ name: 'amount', sum: 1, values: { count: 1 } }]);
  });

  it('of a progress report count whatever becomes of the delivery, as long as it is held', async () => {
    const h = await harness();
    const worker = await h.worker();
    const job = await aJob(h, worker);
    const measures = [{ name: 'calls', value: 2 }];
    expect((await report(worker, job, measures)).results).toEqual([{ id: job.id }]);
    await worker.nack(job);
    expect((await report(worker, job, measures)).results).toMatchObject([{ error: { code: 'lease_lost' } }]);
    expect(await measuresOf(h)).toMatchObject([{ name: 'calls', sum: 2, values: { count: 1 } }]);
  });

  it('that an application has too many of are counted as other, and take no place of a stage', async () => {
    const h = await harness({ insightMaxSeries: 10, insightMaxMeasures: 10 });
    const worker = await h.worker();
    const measures = Array.from({ length: 40 }, (_, n) => ({ name: `user-${n}`, value: 1 }));
    await worker.ack(await aJob(h, worker), { measures });
    await folded(h);
    const counted = await measuresOf(h);
    expect(counted).toHaveLength(11);
    expect(counted[0]).toMatchObject({ name: '(other)', pipeline: '(other)', handler: '(other)', values: { count: 30 } });
    const { slowestPipelines, summary } = await h.call<Insights>('GET', '/observability/insights');
    expect([slowestPipelines.length, summary.completedStages]).toEqual([0, 1]);
    await worker.ack(await aJob(h, worker, 'late'));
    await folded(h);
    const { handlers } = await h.call<Insights>('GET', '/observability/insights?pipeline=late');
    expect(handlers).toMatchObject([{ handler: 'a', completed: 1 }]);
  });

  it('are refused when they are no figures, and nothing is lost over it', async () => {
    const h = await harness();
    const worker = await h.worker();
    const job = await aJob(h, worker);
    const bad: [unknown, string][] = [
      [{ name: '', value: 1 }, 'acks[0].measures[0].name'],
      [{ name: 'a', value: '1' }, 'acks[0].measures[0].value'],
      [{ name: 'a', value: 1e16 }, 'acks[0].measures[0].value'],
      [{ name: 'a', value: 1, unit: 'x'.repeat(51) }, 'acks[0].measures[0].unit'],
    ];
    for (const [measure, path] of bad) {
      const { workerId } = worker.session;
      const acks = [{ id: job.id, fencingToken: job.fencingToken, measures: [measure] }];
      const response = await h.send('POST', '/jobs/ack', { workerId, acks }, worker.headers);
      expect(response.status).toBe(422);
      expect(((await response.json()) as { errors: { path: string }[] }).errors.map((error) => error.path)).toEqual([path]);
    }
    expect((await worker.ack(job)).settled).toEqual([{ id: job.id, status: 'completed' }]);
  });
});
