// Starts what takes part: servers of the product on a database of their own, or a database for those who speak to it directly.
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { startClient, startServer } from '../processes.mjs';
import { WORKED } from '../scenarios.mjs';
import { clusterMicros, queryAt } from './instance.mjs';

/** After the first, 250 ms apart. */
const VACUUMS = 40;

const REPLICAS = { replica: 1, 'replicas-2': 2, vacuumed: 1, 'idle-transaction': 1 };

/** @param {{ postgres: object, base: string, drained: number }} options `drained`: stages worked off before claims are measured */
export const openerOf =
  ({ postgres, base, drained }) =>
  async ({ server: name }) => {
    const database = await postgres.createDatabase(`bench_${name.replaceAll('-', '_')}`);
    const databaseMicros = () => clusterMicros(postgres.pid);
    const replicas = REPLICAS[name];
    if (!replicas) return { target: { database }, pids: [], databaseMicros, stop: async () => {} };
    const env = { PIPELOGIQ_BOOTSTRAP_API_KEY: `bench-${randomBytes(24).toString('hex')}` };
    const servers = await Promise.all(
      Array.from({ length: replicas }, () => startServer({ kind: 'product', base, database, env })),
    );
    const side = { target: servers.map(({ target }) => target), pids: servers.map(({ pid }) => pid), databaseMicros };
    const release =
      name === 'vacuumed' || name === 'idle-transaction' ? await leaveTheDead({ name, database, side, drained }) : undefined;
    return {
      ...side,
      stop: async () => {
        await release?.();
        await Promise.all(servers.map((server) => server.stop()));
      },
    };
  };

/** Works off `drained` stages, behind a transaction that still sees them all or without one, and lets vacuum do what it can. */
async function leaveTheDead({ name, database, side, drained }) {
  const held = name === 'idle-transaction' ? await holdSnapshot(database) : undefined;
  const client = await startClient({ target: side.target, driver: 'bare' });
  await client.run({ name: 'stock', handler: WORKED, count: drained });
  await client.run({ name: 'drain', handlers: [WORKED], count: drained, lanes: 4 });
  await client.stop();
  const mayStay = held ? drained : drained / 10;
  let dead = await vacuumed(database);
  // A transaction of the server's own that is open just then keeps the dead as well; the next vacuum comes after it.
  for (let again = 0; dead > mayStay && again < VACUUMS; again++) {
    await setTimeout(250);
    dead = await vacuumed(database);
  }
  if (held && dead < drained) throw new Error(`only ${dead} dead stages are left behind the idle transaction`);
  if (!held && dead > mayStay) throw new Error(`${dead} dead stages are left without an idle transaction`);
  return held;
}

/** What vacuum found dead and could not remove. */
async function vacuumed(database) {
  await queryAt(database, 'vacuum analyze');
  const [row] = await queryAt(database, `select n_dead_tup::int as dead from pg_stat_user_tables where relname = 'stage'`);
  return row.dead;
}

/** A transaction that looks at the database once and then does nothing. */
async function holdSnapshot(database) {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  await client.query('begin isolation level repeatable read; select count(*) from stage');
  return () => client.end();
}
