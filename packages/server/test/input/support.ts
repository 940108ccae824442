import type { ApiKeyCreated, Scope } from '@pipelogiq/protocol';
import type Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { TestOptions } from '../../src/testing/index.js';
import { type Harness, harness } from '../engine/support.js';
import { aDatabaseFile, connect } from '../support/files.js';

export interface FileHarness extends Harness {
  /** Everything that is stored, read through a connection of its own. */
  stored(): Record<string, unknown[]>;
  /** Makes a key; by default of the application that the harness itself belongs to. */
  key(request: { scopes: Scope[]; application?: string; expiresAt?: string }): Promise<ApiKeyCreated>;
  /** As `send`, with another key, or none. */
  sendAs(key: string | undefined, method: string, path: string, body?: unknown, headers?: object): Promise<Response>;
}

/** The real engine on a file, whose tables can be looked at from outside. */
export async function fileHarness(options: TestOptions = {}): Promise<FileHarness> {
  const database = aDatabaseFile();
  const h = await harness({ database, ...options });
  onTestFinished(() => h.controlPlane.close());
  const { fetch, url } = h.controlPlane.connection();
  return {
    ...h,
    stored: () => dump(connect(database, { readonly: true })),
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

function dump(database: Database.Database): Record<string, unknown[]> {
  const tables = database.prepare("select name from sqlite_master where type = 'table' order by name").pluck().all() as string[];
  return Object.fromEntries(tables.map((name) => [name, database.prepare(`select * from "${name}"`).all()]));
}

/** Status and code of an answer, in one word for a comparison. */
export async function refusal(response: Response): Promise<string> {
  const { code } = (await response.json()) as { code?: string };
  return `${response.status} ${code}`;
}
