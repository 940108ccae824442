import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { Effects } from '../../src/domain/commit/effects.js';
import type { Group } from '../../src/domain/commit/tickets.js';
import { openPostgresStore, type PostgresOptions } from '../../src/store/postgres/store.js';
import type { Store } from '../../src/store/store.js';
import { createTestControlPlane, type TestOptions } from '../../src/testing/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { type Harness, speakTo, WireWorker } from '../engine/support.js';
import { eventually } from '../support/eventually.js';
import { aPostgresDatabase } from '../support/stores.js';

let servers = 0;

/** A control plane whose time stands still until the test moves it: its loops, polls and hints run only then. */
export async function aServer(options: TestOptions & { database: string }): Promise<Harness> {
  servers += 1;
  const controlPlane = await createTestControlPlane({ seed: servers, ...options });
  onTestFinished(() => controlPlane.close());
  return { controlPlane, ...speakTo(controlPlane, `server-${servers}`) };
}

/** Two servers on one database, which hear each other. */
export async function twoServers(options: TestOptions = {}): Promise<{ a: Harness; b: Harness; database: string }> {
  const database = await aPostgresDatabase();
  const a = await aServer({ ...options, database });
  const b = await aServer({ ...options, database });
  const outsider = await anOutsider(database);
  await eventually(async () => {
    const listening = await outsider.query(
      `select pid from pg_stat_activity where datname = current_database() and query like 'listen %' and state = 'idle'`,
    );
    if (listening.length !== 2) throw new Error(`${listening.length} servers listen`);
  });
  return { a, b, database };
}

/** The same worker, speaking to another server. */
export const through = ({ call }: Harness, worker: WireWorker): WireWorker =>
  new WireWorker(call, worker.session, worker.handlers);

export interface Outsider {
  client: Client;
  query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** A connection that is none of the servers'. */
export async function anOutsider(database: string): Promise<Outsider> {
  const client = new Client({ connectionString: database });
  client.on('error', () => {}); // a test that restarts the server cuts it
  await client.connect();
  onTestFinished(() => client.end());
  return {
    client,
    query: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
  };
}

/** Resolves when this many sessions of the database wait for a lock. */
export async function waitingForLocks(outsider: Outsider, sessions: number): Promise<void> {
  await eventually(async () => {
    const [row] = await outsider.query<{ count: string }>(
      `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if (Number(row?.count) !== sessions) throw new Error(`${row?.count} sessions wait for locks`);
  });
}

/** Resolves when a session waits for a lock that `holder` has. */
export async function waitingFor(outsider: Outsider, holder: Outsider): Promise<void> {
  const [own] = await holder.query<{ pid: number }>('select pg_backend_pid() as pid');
  await eventually(async () => {
    const waiting = await outsider.query('select 1 from pg_stat_activity where $1 = any(pg_blocking_pids(pid))', [own?.pid]);
    if (waiting.length === 0) throw new Error('nobody waits for it');
  });
}

/** Resolves when the pull is parked. */
export async function parked({ controlPlane }: Harness, pulls = 1): Promise<void> {
  await eventually(async () => {
    const { fetch, url } = controlPlane.connection();
    const { metrics } = (await (await fetch(`${url}/health`)).json()) as { metrics: { parked_pulls: number } };
    if (metrics.parked_pulls !== pulls) throw new Error(`${metrics.parked_pulls} pulls are parked`);
  });
}

export const beat = (jobs: { id: string; fencingToken: number }[] = []) => ({
  state: 'running',
  jobs: jobs.map(({ id, fencingToken }) => ({ id, fencingToken })),
  inFlight: jobs.length,
  processed: 0,
  failed: 0,
});

/** A store under the hands of the test. */
export async function aStore(
  url: string,
  { clock = new ManualClock(), ...options }: Partial<PostgresOptions> = {},
): Promise<Store> {
  const store = await openPostgresStore({ url, clock, timeOf: clock, onBackgroundError: () => {}, ...options });
  onTestFinished(() => store.close());
  return store;
}

/** A group that has run and not committed: the test lets its commit through. */
export function heldGroup<R>(store: Store, run: (group: Group) => Promise<R>) {
  let commit = (): void => {};
  const allowed = new Promise<void>((resolve) => {
    commit = resolve;
  });
  let done = (): void => {};
  const ran = new Promise<void>((resolve) => {
    done = resolve;
  });
  const committed = store.transaction(async (tx, now) => {
    const result = await run({ tx, now, effects: new Effects(now), isDataFailure: () => false });
    done();
    await allowed;
    return result;
  });
  onTestFinished(commit);
  return { ran, commit, committed };
}
