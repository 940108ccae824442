import { inject, onTestFinished } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { openPostgresStore } from '../../src/store/postgres/store.js';
import { openSqliteStore } from '../../src/store/sqlite/store.js';
import type { Store } from '../../src/store/store.js';
import { aDatabaseFile, connect } from './files.js';
import type { DeskAnswer } from './global-setup.js';
import { createDatabaseAt, type TestDatabase } from './postgres.js';
import { queryOnce } from './query.js';

async function askDesk(): Promise<DeskAnswer> {
  const desk = inject('postgresDesk');
  if (!desk) throw new Error('This vitest project has no PostgreSQL: give it test/support/global-setup.ts as its globalSetup.');
  const response = await fetch(desk);
  const answer = await response.text();
  if (!response.ok) throw new Error(`PostgreSQL did not start. ${answer}`);
  return JSON.parse(answer);
}

/** `migrated`: as a server that has just started on it leaves its tables. `empty`: without a table. */
type Filling = 'migrated' | 'empty';

/** A database on the PostgreSQL server of this run, which starts with the first call. */
export async function createPostgresDatabase(filling: Filling): Promise<TestDatabase> {
  const { url, migrated } = await askDesk();
  return createDatabaseAt(url, filling === 'migrated' ? migrated : undefined);
}

/** As `createPostgresDatabase`; it goes with the test. */
export async function aPostgresDatabase(filling: Filling = 'migrated'): Promise<string> {
  const { url, drop } = await createPostgresDatabase(filling);
  onTestFinished(() => drop());
  return url;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The store that this project runs the tests on. */
    store: 'sqlite' | 'postgres';
  }
}

/** A database of this project's store that outlives a restart of the server: a file, or a database of PostgreSQL. */
export async function aDatabase(): Promise<string> {
  return inject('store') === 'postgres' ? aPostgresDatabase() : aDatabaseFile();
}

/** As `aDatabase`, in memory where the store can. */
export async function aFreshDatabase(): Promise<string> {
  return inject('store') === 'postgres' ? aPostgresDatabase() : ':memory:';
}

/** The store of a database that `aDatabase` gave, without a server. */
export function openStoreOf(database: string, clock: Clock): Promise<Store> {
  if (inject('store') !== 'postgres') return openSqliteStore({ path: database, synchronous: 'full', clock });
  return openPostgresStore({ url: database, clock, timeOf: clock, onBackgroundError: () => {} });
}

/** Runs one statement on a database of this project's store, beside the server, and returns its rows. Numbers come as numbers. */
export async function runSql<Row = Record<string, unknown>>(database: string, statement: string): Promise<Row[]> {
  if (inject('store') !== 'postgres') {
    const prepared = connect(database).prepare(statement);
    if (prepared.reader) return prepared.all() as Row[];
    prepared.run();
    return [];
  }
  return queryOnce<Row>(database, statement);
}
