import { Kysely } from 'kysely';
import pg from 'pg';
import type { Clock } from '../../clock.js';
import { postgresCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import type { Schema } from '../schema.js';
import { sqlReads } from '../sql-reads.js';
import { sqlTx } from '../sql-tx.js';
import { Statements } from '../statement.js';
import type { Failure, Ms, Peers, Reads, Store, Tx } from '../store.js';
import { postgresDialect } from './dialect.js';
import { CommitUnknown, endsSession, failureOf, reachable } from './failures.js';
import { PostgresPeers } from './peers.js';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that libpq and node-postgres know. */
  url: string;
  /** Told of failures that no caller sees: of idle connections, of listening. */
  onBackgroundError(error: Error): void;
  /** Timers of the throttle and of reconnecting. */
  clock: Clock;
  /** Takes the place of the database's clock, for tests that move time. */
  timeOf?: Clock;
}

/** Commits come one after the other; the second connection is there when the first one is being replaced. */
const WRITERS = 2;
const READERS = 4;
const CONNECT_TIMEOUT_MS = 5_000;
/** A connection that gives no answer for this long is lost: without a limit a dead peer would hold up every commit. */
const QUERY_TIMEOUT_MS = 60_000;
const INT8 = 20;
const NUMERIC = 1700; // of sum(bigint)

/** Opens the database and brings its schema up to date. Several servers may open one at the same time. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const writers = openPool(options, WRITERS);
  const readers = openPool(options, READERS);
  const db = new Kysely<Schema>({ dialect: overPool(writers) });
  try {
    await migrate(db, postgresCapabilities);
  } catch (error) {
    await Promise.all([writers.end(), readers.end()]);
    throw error;
  }
  return new PostgresStore(db, writers, readers, options);
}

function openPool({ url, onBackgroundError }: PostgresOptions, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'pipelogiq',
    types: { getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format)) },
  });
  pool.on('error', onBackgroundError);
  // The error comes to the query as well; without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', onBackgroundError));
  return pool;
}

const overPool = (pool: pg.Pool) =>
  postgresDialect({ acquire: () => pool.connect(), release: (client, broken) => client.release(broken) });

class PostgresStore implements Store {
  readonly reads: Reads;
  readonly peers: Peers;
  readonly #writers: pg.Pool;
  readonly #readers: pg.Pool;
  readonly #statements: Statements;
  readonly #timeOf: Clock | undefined;
  readonly #peers: PostgresPeers;
  readonly #txOn = new WeakMap<pg.PoolClient, Tx>();

  constructor(db: Kysely<Schema>, writers: pg.Pool, readers: pg.Pool, options: PostgresOptions) {
    this.#writers = writers;
    this.#readers = readers;
    this.#statements = new Statements(db, postgresCapabilities);
    this.#timeOf = options.timeOf;
    this.reads = sqlReads(new Kysely<Schema>({ dialect: overPool(readers) }), postgresCapabilities);
    this.#peers = new PostgresPeers({ ...options, pool: readers });
    this.peers = this.#peers;
  }

  async transaction<T>(work: (tx: Tx, now: Ms) => Promise<T>): Promise<T> {
    const client = await reachable(this.#writers.connect());
    let lost = false;
    try {
      const now = await this.#begin(client);
      const result = await work(this.#tx(client), now);
      await commit(client);
      return result;
    } catch (error) {
      lost = error instanceof CommitUnknown || endsSession(error);
      if (!lost) await client.query('rollback').catch(() => (lost = true));
      throw error;
    } finally {
      client.release(lost);
    }
  }

  /** One round trip for both: every group begins with it. */
  async #begin(client: pg.PoolClient): Promise<Ms> {
    if (this.#timeOf) {
      await reachable(client.query('begin'));
      return this.#timeOf.now();
    }
    const results = await reachable(client.query(BEGIN));
    const [, time] = results as unknown as [unknown, pg.QueryResult<{ now: number }>];
    return time.rows[0]?.now as number;
  }

  #tx(client: pg.PoolClient): Tx {
    const known = this.#txOn.get(client);
    if (known) return known;
    const db = new Kysely<Schema>({ dialect: postgresDialect({ acquire: async () => client, release: () => undefined }) });
    const tx = sqlTx(db, this.#statements);
    this.#txOn.set(client, tx);
    return tx;
  }

  failureOf(error: unknown): Failure {
    return failureOf(error);
  }

  async close(): Promise<void> {
    await this.#peers.close();
    await Promise.all([this.#writers.end(), this.#readers.end()]);
  }
}

const BEGIN = 'begin; select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now';

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    await reachable(client.query('commit'));
  } catch (error) {
    if (endsSession(error)) throw new CommitUnknown('the connection was lost during the commit', { cause: error });
    throw error;
  }
}
