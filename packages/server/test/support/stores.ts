import { inject, onTestFinished } from 'vitest';
import { aDatabaseFile } from './files.js';
import { createDatabaseAt, type TestDatabase } from './postgres.js';

/** An empty database on the PostgreSQL server of this run, which starts with the first call. */
export async function createPostgresDatabase(): Promise<TestDatabase> {
  const desk = inject('postgresDesk');
  if (!desk) throw new Error('This vitest project has no PostgreSQL: give it test/support/global-setup.ts as its globalSetup.');
  const response = await fetch(desk);
  const answer = await response.text();
  if (!response.ok) throw new Error(`PostgreSQL did not start. ${answer}`);
  return createDatabaseAt(answer);
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

async function aPostgresDatabase(): Promise<string> {
  const { url, drop } = await createPostgresDatabase();
  onTestFinished(() => drop());
  return url;
}
