import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { closeAsTemplate, startPostgres, type TestPostgres } from './postgres.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Tells of the run's PostgreSQL server as a `DeskAnswer`; the first request starts it. */
    postgresDesk: string;
  }
}

export interface DeskAnswer {
  /** Of the maintenance database. */
  url: string;
  /** A database with all migrations and no rows, to be copied: migrating takes longer than most tests. */
  migrated: string;
}

/** Migrated by the sources of this run, so that it is never of another version. */
async function migratedTemplate(postgres: TestPostgres): Promise<string> {
  const { openPostgresStore } = await import('../../src/store/postgres/store.js'); // most runs need none of it
  const { systemClock } = await import('../../src/clock.js');
  const database = await postgres.createDatabase();
  const store = await openPostgresStore({ url: database.url, clock: systemClock(), onBackgroundError: () => {} });
  await store.close();
  return closeAsTemplate(postgres.url, database);
}

/** One PostgreSQL server for all test files of a run, started when one of them asks: most runs are of tests that need none. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<TestPostgres> | undefined;
  let answer: Promise<DeskAnswer> | undefined;
  const open = async (): Promise<DeskAnswer> => {
    postgres = startPostgres();
    const started = await postgres;
    return { url: started.url, migrated: await migratedTemplate(started) };
  };
  const desk = createServer((_request, response) => {
    answer ??= open();
    answer.then(
      (found) => response.end(JSON.stringify(found)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  project.provide('postgresDesk', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await postgres?.then(
      ({ stop }) => stop(),
      () => {},
    ); // whoever asked was told why it did not start
  };
}
