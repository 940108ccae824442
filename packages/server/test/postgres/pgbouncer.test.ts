import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';
import { startPgBouncer, type TestPgBouncer } from '../support/pgbouncer.js';
import { pgBouncerBinary } from '../support/postgres-binaries.js';
import { aPostgresDatabase } from '../support/stores.js';
import { anOutsider, aServer, parked } from './support.js';

const POLL_MS = 250;

beforeEach(({ skip }) => skip(!pgBouncerBinary(), 'pgbouncer is not installed'));

/** Transaction mode with two connections for everybody: whoever relies on a session of its own gets one of somebody else's. */
async function pooled(): Promise<{ database: string; pooler: TestPgBouncer }> {
  const database = await aPostgresDatabase('empty');
  const pooler = await startPgBouncer({ url: database }, { settings: { default_pool_size: '2' } });
  onTestFinished(() => pooler.stop());
  return { database, pooler };
}

it('migrates, and runs pipelines from creation to completion', async () => {
  const { pooler } = await pooled();
  const server = await aServer({ database: pooler.url });
  const { id } = await server.create({ stages: [{ name: 'a' }, { name: 'b', handler: 'a' }], context: { region: 'eu' } });
  const worker = await server.worker();
  for (const stage of ['a', 'b']) {
    const job = await worker.one();
    expect(job).toMatchObject({ stage, context: { region: 'eu' } });
    await worker.ack(job, { output: stage });
  }
  expect(await server.call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'completed' });
});

it('serves a pull that waits on another server within the poll', async () => {
  const { pooler } = await pooled();
  const a = await aServer({ database: pooler.url });
  const b = await aServer({ database: pooler.url });
  const waiting = (await b.worker()).pull({ waitMs: 30_000 });
  await parked(b);
  await a.create({ stages: [{ name: 'a' }] });
  await b.controlPlane.advance(POLL_MS);
  expect(await waiting).toMatchObject([{ stage: 'a' }]);
});

// Seen to fail when the server listens through the pooler: its LISTEN stays on a connection of somebody else's.
it('leaves nothing of a session on the connections that it shares', async () => {
  const { database, pooler } = await pooled();
  const servers = [await aServer({ database: pooler.url }), await aServer({ database: pooler.url })];
  for (const server of servers) {
    await server.create({ stages: [{ name: 'a' }] });
    await server.controlPlane.advance(5_000);
  }
  const shared = await anOutsider(pooler.url);
  const seen = new Set<number>();
  await eventually(async () => {
    // One implicit transaction a question, so that the pool may give each to another connection.
    const [row] = await shared.query<{
      pid: number;
      settings: string[];
      channels: string[];
      prepared: string[];
      locks: string[];
    }>(`
      select pg_backend_pid() as pid, array(select name from pg_settings where source = 'session') as settings,
        array(select pg_listening_channels()) as channels, array(select name from pg_prepared_statements) as prepared,
        array(select objid::text from pg_locks where locktype = 'advisory') as locks`);
    expect(row).toMatchObject({ channels: [], prepared: [], locks: [] });
    expect(row?.settings.filter((name) => /timeout|isolation|synchronous/.test(name))).toEqual([]);
    seen.add(row?.pid ?? 0);
  });
  expect(seen.size).toBeGreaterThan(0);
  const direct = await anOutsider(database);
  expect(
    await direct.query(`select query from pg_stat_activity where datname = current_database() and query like 'listen%'`),
  ).toEqual([]);
});
