import { inject } from 'vitest';
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
