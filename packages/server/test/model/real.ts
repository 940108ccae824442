import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { inject } from 'vitest';
import { createTestControlPlane, type TestControlPlane } from '../../src/testing/index.js';
import { createPostgresDatabase } from '../support/stores.js';
import { LEASE_MS } from './world.js';

/** The server under test, spoken to as its users do, and its database, looked at past it. */
export interface Real {
  call(method: string, path: string, body?: object, session?: string): Promise<Answer>;
  advance(ms: number): Promise<void>;
  jump(ms: number): Promise<void>;
  /** Closes the server and opens another one on the same database, `downMs` later. */
  restart(downMs: number): Promise<void>;
  query(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the answers are compared with the model, field by field
  body: any;
}

export type Row = { [column: string]: number | string | null };

interface Disk {
  database: string;
  query(sql: string): Promise<Row[]>;
  remove(): Promise<void>;
}

async function aFile(): Promise<Disk> {
  const folder = await mkdtemp(join(tmpdir(), 'pipelogiq-model-'));
  const database = join(folder, 'model.db');
  let reader: Database.Database | undefined;
  return {
    database,
    query: async (sql) => {
      reader ??= new Database(database, { readonly: true, fileMustExist: true });
      return reader.prepare(sql).all() as Row[];
    },
    remove: async () => {
      reader?.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onPostgres(): Promise<Disk> {
  const { url, drop } = await createPostgresDatabase('migrated');
  const reader = new Client({ connectionString: url });
  await reader.connect();
  const parsed = (value: unknown) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value);
  return {
    database: url,
    query: async (sql) => {
      const { rows } = await reader.query(sql);
      return rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, parsed(value)]))) as Row[];
    },
    remove: async () => {
      await reader.end();
      await drop();
    },
  };
}

export async function aReal(now: number): Promise<Real> {
  const isPostgres = inject('store') === 'postgres';
  const disk = isPostgres ? await onPostgres() : await aFile();
  let seed = 0;
  const open = (at: number): Promise<TestControlPlane> => {
    seed += 1; // two processes do not draw the same ids
    return createTestControlPlane({
      database: disk.database,
      now: at,
      seed,
      leaseMs: LEASE_MS,
      heartbeatIntervalMs: 1_000,
      synchronous: 'normal', // no power is cut here
    });
  };
  let controlPlane = await open(now);
  return {
    async call(method, path, body, session) {
      const { fetch, apiKey, url } = controlPlane.connection();
      const headers = {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...(session !== undefined && { 'x-worker-session': session }),
      };
      const response = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    advance: (ms) => controlPlane.advance(ms),
    jump: (ms) => controlPlane.jump(ms),
    async restart(downMs) {
      const at = controlPlane.now();
      await controlPlane.close();
      controlPlane = await open(at + downMs);
    },
    query: (sql) => disk.query(sql),
    async close() {
      await controlPlane.close();
      await disk.remove();
    },
  };
}
