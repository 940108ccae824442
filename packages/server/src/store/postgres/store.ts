import { Kysely, sql } from 'kysely';
import type pg from 'pg';
import type { Clock } from '../../clock.js';
import { postgresCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import { queryLog } from '../query-log.js';
import type { Schema } from '../schema.js';
import { sqlReads } from '../sql-reads.js';
import { sqlTx } from '../sql-tx.js';
import { Statements } from '../statement.js';
import type { Failure, Ms, OnQuery, Peers, PoolFigures, Reads, Store, StoreFigures, StoreHealth, Tx } from '../store.js';
import { beginWith, SILENT_TRANSACTION_MS } from './begin.js';
import { postgresDialect } from './dialect.js';
import { CommitUnknown, endsSession, failureOf, reachable } from './failures.js';
import { PostgresPeers } from './peers.js';
import { openPool } from './pool.js';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`, with the parameters that libpq and node-postgres know. */
  url: string;
  /** Told of failures that no caller sees: of idle connections, of listening. */
  onBackgroundError(error: Error): void;
  /** Timers of the throttle and of reconnecting. */
  clock: Clock;
  onQuery?: OnQuery | undefined;
  /** Takes the place of the database's clock, for tests that move time. */
  timeOf?: Clock;
  /** Milliseconds after which the database ends a transaction of which it hears nothing more. Default 10,000. */
  silentTransactionMs?: number;
}

/** Commits come one after the other; the second connection is there when the first one is being replaced. */
const WRITERS = 2;
const READERS = 4;
/** A connection that gives no answer for this long is lost: without a limit a dead peer would hold up every commit. The database ends
 * its statements before. */
const QUERY_TIMEOUT_MS = 40_000;
/** Opens the database and brings its schema up to date. Several servers may open one at the same time. */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  await bringUpToDate(options);
  return new PostgresStore(options);
}

/** On connections of its own: an index of a large table takes longer than any other statement may, and so does waiting for it. */
async function bringUpToDate({ url, onBackgroundError }: PostgresOptions): Promise<void> {
  const pool = openPool({ url, max: 2, onLost: onBackgroundError });
  try {
    await migrate(new Kysely<Schema>({ dialect: overPool(pool) }), postgresCapabilities);
  } finally {
    await pool.end();
  }
}

const overPool = (pool: pg.Pool) =>
  postgresDialect({ acquire: () => pool.connect(), release: (client, broken) => client.release(broken) });

class PostgresStore implements Store {
  readonly reads: Reads;
  readonly peers: Peers;
  readonly health: StoreHealth;
  readonly figures: StoreFigures;
  readonly #writers: pg.Pool;
  readonly #readers: pg.Pool;
  readonly #statements: Statements;
  readonly #timeOf: Clock | undefined;
  readonly #beginning: string;
  readonly #peers: PostgresPeers;
  readonly #queryLog: ReturnType<typeof queryLog>;
  readonly #txOn = new WeakMap<pg.PoolClient, Tx>();

  constructor(options: PostgresOptions) {
    const { url, onBackgroundError: onLost } = options;
    this.#writers = openPool({ url, max: WRITERS, queryTimeoutMs: QUERY_TIMEOUT_MS, onLost });
    this.#readers = openPool({ url, max: READERS, queryTimeoutMs: QUERY_TIMEOUT_MS, onLost });
    this.#statements = new Statements(new Kysely<Schema>({ dialect: overPool(this.#writers) }), postgresCapabilities);
    this.#timeOf = options.timeOf;
    this.#beginning = beginWith(options.silentTransactionMs ?? SILENT_TRANSACTION_MS);
    const readDb = new Kysely<Schema>({ dialect: overPool(this.#readers), ...queryLog('reader', options.onQuery) });
    this.reads = sqlReads(readDb, postgresCapabilities, options.timeOf);
    this.health = { replicationLagMs: () => replicationLag(readDb) };
    this.figures = { pools: () => [figuresOf('writers', this.#writers, WRITERS), figuresOf('readers', this.#readers, READERS)] };
    this.#queryLog = queryLog('writer', options.onQuery);
    this.#peers = new PostgresPeers({ ...options, pool: this.#readers });
    this.peers = this.#peers;
  }

  async transaction<T>(work: (tx: Tx, now: Ms) => Promise<T>): Promise<T> {
    const { client, now } = await this.#begin();
    let lost = false;
    try {
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

  /** A connection that was lost while it was idle shows it only here, where nothing has been asked of it: another one is taken. */
  async #begin(): Promise<{ client: pg.PoolClient; now: Ms }> {
    for (let tries = 1; ; tries++) {
      const client = await reachable(this.#writers.connect());
      try {
        const results = (await reachable(client.query(this.#beginning))) as unknown as pg.QueryResult<{ now: number }>[];
        return { client, now: this.#timeOf?.now() ?? (results.at(-1)?.rows[0]?.now as number) };
      } catch (error) {
        client.release(true);
        if (!endsSession(error) || tries > WRITERS) throw error;
      }
    }
  }

  #tx(client: pg.PoolClient): Tx {
    const known = this.#txOn.get(client);
    if (known) return known;
    const db = new Kysely<Schema>({
      dialect: postgresDialect({ acquire: async () => client, release: () => undefined }),
      ...this.#queryLog,
    });
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

/** Of the slowest standby. A role without `pg_monitor` sees none. */
async function replicationLag(db: Kysely<Schema>): Promise<Ms | undefined> {
  const lag = sql<{ ms: number | null }>`select extract(epoch from max(replay_lag)) * 1000 as ms from pg_stat_replication`;
  const ms = (await lag.execute(db)).rows[0]?.ms;
  return ms === null || ms === undefined ? undefined : Number(ms);
}

function figuresOf(pool: PoolFigures['pool'], { totalCount, idleCount, waitingCount }: pg.Pool, max: number): PoolFigures {
  return { pool, max, used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
}

async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await reachable(client.query('commit')));
  } catch (error) {
    if (endsSession(error)) throw new CommitUnknown('the connection was lost during the commit', { cause: error });
    throw error;
  }
  // PostgreSQL answers the COMMIT of a transaction in which a statement failed by rolling it back, without an error.
  if (command !== 'COMMIT') throw new Error('the transaction had failed, and was rolled back');
}
