import { expect, it } from 'vitest';
import { metricsOf } from '../engine/metrics-support.js';
import { aPostgresDatabase } from '../support/stores.js';
import { aServer, twoServers } from './support.js';

it('has the connections of PostgreSQL, and no log beside a file', async () => {
  const h = await aServer({ database: await aPostgresDatabase() });
  await h.create({ stages: [{ name: 'a', handler: 'a' }] });
  const metrics = await metricsOf(h);
  const connections = (pool: string, state: string) => metrics.value('pipelogiq_database_pool_connections', { pool, state });
  expect(connections('writers', 'max')).toBe(2);
  expect(connections('writers', 'used') + connections('writers', 'idle')).toBeGreaterThan(0);
  expect(metrics.value('pipelogiq_database_pool_waiting', { pool: 'readers' })).toBe(0);
  expect(metrics.value('pipelogiq_database_query_duration_seconds_count', { connection: 'reader' })).toBeGreaterThan(0);
  expect(metrics.lines.filter(({ name }) => name === 'pipelogiq_database_wal_size_bytes')).toEqual([]);
});

it('counts at each server what it committed itself', async () => {
  const { a: one, b: two } = await twoServers();
  await one.create({ stages: [{ name: 'a', handler: 'a' }] });
  const worker = await two.worker(['a']);
  await worker.ack(await worker.one());
  const [ofOne, ofTwo] = [await metricsOf(one), await metricsOf(two)];
  expect([ofOne.value('ext_pipeline_created_total'), ofTwo.value('ext_pipeline_created_total')]).toEqual([1, 0]);
  expect([ofOne.value('ext_stage_jobs_acked_total', { handler: 'a' }), ofTwo.value('ext_stage_jobs_acked_total')]).toEqual([
    0, 1,
  ]);
});
