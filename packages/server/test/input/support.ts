import type { ApiKeyCreated, Scope } from '@pipelogiq/protocol';
import { inject } from 'vitest';
import type { TestOptions } from '../../src/testing/index.js';
import { type Harness, harness } from '../engine/support.js';
import { aDatabase, runSql } from '../support/stores.js';

export interface InspectedHarness extends Harness {
  /** Everything that is stored, by table, read through a connection of its own. */
  stored(): Promise<Record<string, unknown[]>>;
  /** Makes a key; by default of the application that the harness itself belongs to. */
  key(request: { scopes: Scope[]; application?: string; expiresAt?: string }): Promise<ApiKeyCreated>;
  /** As `send`, with another key, or none. */
  sendAs(key: string | undefined, method: string, path: string, body?: unknown, headers?: object): Promise<Response>;
}

/** The real engine on a database whose tables can be looked at from outside. */
export async function inspectedHarness(options: TestOptions = {}): Promise<InspectedHarness> {
  const database = await aDatabase();
  const h = await harness({ database, ...options });
  const { fetch, url } = h.controlPlane.connection();
  return {
    ...h,
    stored: () => inspect(database),
    key: (request) => h.call('POST', '/api-keys', { name: 'test', ...request }),
    sendAs: (key, method, path, body, headers) =>
      fetch(`${url}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}

interface Table {
  name: string;
  rows: unknown[];
}

/** Everything that a database holds, by table. */
export async function inspect(database: string): Promise<Record<string, unknown[]>> {
  const tables = await (inject('store') === 'postgres' ? postgresTables(database) : sqliteTables(database));
  // A table has no order of its own.
  const inOrder = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  return Object.fromEntries(tables.map(({ name, rows }) => [name, inOrder(rows).map((row) => JSON.parse(row))]));
}

async function sqliteTables(database: string): Promise<Table[]> {
  const names = await runSql<{ name: string }>(database, `select name from sqlite_master where type = 'table'`);
  return Promise.all(names.map(async ({ name }) => ({ name, rows: await runSql(database, `select * from "${name}"`) })));
}

async function postgresTables(database: string): Promise<Table[]> {
  const known = `select table_name as name from information_schema.tables where table_schema = current_schema()`;
  const names = await runSql<{ name: string }>(database, known);
  const ofTable = ({ name }: { name: string }) => `select '${name}' as name, (select json_agg(t) from "${name}" t) as rows`;
  const tables = await runSql<{ name: string; rows: unknown[] | null }>(database, names.map(ofTable).join(' union all '));
  return tables.map(({ name, rows }) => ({ name, rows: rows ?? [] }));
}

/** Status and code of an answer, in one word for a comparison. */
export async function refusal(response: Response): Promise<string> {
  const { code } = (await response.json()) as { code?: string };
  return `${response.status} ${code}`;
}
