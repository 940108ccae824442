import { closeSync, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { Kysely } from 'kysely';
import type { Clock } from '../../clock.js';
import { sqliteCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import { queryLog } from '../query-log.js';
import type { Schema } from '../schema.js';
import { sqlReads } from '../sql-reads.js';
import { sqlTx } from '../sql-tx.js';
import { Statements } from '../statement.js';
import type { Failure, Ms, OnQuery, Reads, Store, StoreFigures, StoreHealth, Tx } from '../store.js';
import { codeOf, DamageReports } from './damage.js';
import { sqliteDialect } from './dialect.js';
import { keepMigrated, openInMemory } from './in-memory.js';
import { refuseMoved } from './moved.js';
import { QuickChecks } from './quick-check.js';
import { readerThreadDialect } from './reader-thread.js';
import { Syncs } from './syncs.js';
import { twoReaders } from './two-readers.js';

export interface SqliteOptions {
  /** A file, or `:memory:`. */
  path: string;
  synchronous: 'full' | 'normal';
  clock: Clock;
  onQuery?: OnQuery | undefined;
}

const SYNCHRONOUS = { normal: 1, full: 2 } as const;

/** Opens the database, migrates it and asserts the pragmas that durability rests on. */
export async function openSqliteStore({ path, synchronous, clock, onQuery }: SqliteOptions): Promise<Store> {
  const database = openWriter(path, synchronous);
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database), ...queryLog('writer', onQuery) });
  try {
    await migrate(db, sqliteCapabilities);
    await refuseMoved(db, path);
    if (path === ':memory:') keepMigrated(database);
    assertPragma(database, 'synchronous', SYNCHRONOUS[synchronous]); // a write has happened: nothing may have changed it
  } catch (error) {
    await db.destroy();
    throw error;
  }
  // An in-memory database lives in its one connection; a file is read from threads of its own, so that a long list never holds up
  // a lease.
  const damage = new DamageReports();
  const reader = () =>
    new Kysely<Schema>({
      dialect: readerThreadDialect(path, (error) => damage.look(error)),
      ...queryLog('reader', onQuery),
    });
  return path === ':memory:'
    ? new SqliteStore({ db, readDbs: [], clock, damage })
    : new SqliteStore({
        db,
        readDbs: [reader(), reader()],
        clock,
        damage,
        file: path,
        ...(synchronous === 'full' && { syncs: new Syncs(database) }),
      });
}

function openWriter(path: string, synchronous: 'full' | 'normal'): Database.Database {
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600)); // it holds users' data; its WAL takes the same mode
  const database = path === ':memory:' ? openInMemory() : new Database(path);
  try {
    database.pragma('journal_mode = WAL');
    database.pragma(`synchronous = ${synchronous}`); // after journal_mode: better-sqlite3 is compiled to lower it to NORMAL for WAL
    database.pragma('foreign_keys = ON');
    database.pragma('busy_timeout = 5000');
    database.pragma('journal_size_limit = 67108864');
    database.pragma('trusted_schema = OFF');
    database.pragma('cache_size = -8192'); // 8 MiB: the hot pages of leases; the system caches the rest
    // 32 MiB: a hot page is copied back once for many commits; the default of 4 MiB put a checkpoint into every few of them
    database.pragma('wal_autocheckpoint = 8000');
    if (path !== ':memory:') assertPragma(database, 'journal_mode', 'wal');
    assertPragma(database, 'synchronous', SYNCHRONOUS[synchronous]);
    assertPragma(database, 'foreign_keys', 1);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function assertPragma(database: Database.Database, name: string, expected: string | number): void {
  const actual = database.pragma(name, { simple: true });
  if (actual !== expected) throw new Error(`SQLite did not take ${name} = ${expected} (it is ${String(actual)})`);
}

/** Codes after which the same statement may work later; all others name a bad statement or bad data. */
const UNAVAILABLE = /^SQLITE_(FULL|IOERR|READONLY|BUSY|CANTOPEN|CORRUPT|NOTADB|PROTOCOL|LOCKED|NOMEM|PERM)/;

interface Parts {
  db: Kysely<Schema>;
  readDbs: readonly Kysely<Schema>[];
  clock: Clock;
  damage: DamageReports;
  /** Absent in memory. */
  file?: string;
  /** Absent where no commit waits for the disk. */
  syncs?: Syncs;
}

class SqliteStore implements Store {
  readonly reads: Reads;
  readonly health: StoreHealth;
  readonly figures: StoreFigures;
  readonly #db: Kysely<Schema>;
  readonly #readDbs: readonly Kysely<Schema>[];
  /** On the one connection that there is. */
  readonly #tx: Tx;
  readonly #clock: Clock;
  readonly #damage: DamageReports;
  readonly #checks: QuickChecks | undefined;
  readonly #syncs: Syncs | undefined;

  constructor({ db, readDbs, clock, damage, file, syncs }: Parts) {
    this.#db = db;
    this.#syncs = syncs;
    this.#readDbs = readDbs;
    this.#clock = clock;
    this.#damage = damage;
    const checks = file === undefined ? undefined : new QuickChecks(file);
    this.#checks = checks;
    this.health =
      checks && file !== undefined ? { file, quickCheck: () => checks.run(), onDamage: (tell) => damage.onDamage(tell) } : {};
    this.figures = file === undefined ? {} : { walBytes: async () => (await stat(`${file}-wal`)).size };
    this.#tx = sqlTx(db, new Statements(db, sqliteCapabilities));
    const [points = db, scans = db] = readDbs;
    this.reads = twoReaders(sqlReads(points, sqliteCapabilities, clock), sqlReads(scans, sqliteCapabilities, clock));
  }

  transaction<T>(work: (tx: Tx, now: Ms) => Promise<T>, { canWait } = { canWait: false }): Promise<T> {
    this.#syncs?.turn(!canWait);
    const done = this.#db.transaction().execute(() => work(this.#tx, this.#clock.now()));
    done.catch((error) => this.#damage.look(error));
    return done;
  }

  failureOf(error: unknown): Failure {
    return UNAVAILABLE.test(codeOf(error)) ? 'unavailable' : 'data'; // of the readers' threads only message and code arrive here
  }

  async close(): Promise<void> {
    await this.#checks?.close();
    for (const readDb of this.#readDbs) await readDb.destroy();
    await this.#db.destroy();
  }
}
