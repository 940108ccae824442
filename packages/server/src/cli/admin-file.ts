import { hash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { databaseName, isPostgresUrl } from '../config.js';
import { readSecretFile, writeSecretFile } from './secret-file.js';

/** How commands on the same machine reach a running server: who can read this file may administer it. */
export interface AdminFile {
  url: string;
  /** An admin API key that lives as long as the server process. */
  token: string;
  pid: number;
}

/** Beside a file; for a database of PostgreSQL in the working directory, where `dev` keeps its own, whatever user the URL names. */
const pathOf = (database: string) =>
  isPostgresUrl(database)
    ? resolve('.pipelogiq', `${hash('sha256', databaseName(database)).slice(0, 16)}.admin.json`)
    : `${resolve(database)}.admin.json`;

/** Nothing is beside a database in memory. */
const hasFile = (database: string) => database !== ':memory:' && database !== '';

function readAdminFile(database: string): AdminFile | undefined {
  const content = hasFile(database) ? readSecretFile(pathOf(database)) : undefined;
  const { url, token, pid } = content ?? {};
  return typeof url === 'string' && typeof token === 'string' && typeof pid === 'number' ? { url, token, pid } : undefined;
}

/** Returns the function that removes the file again, unless another server has replaced it. */
export function writeAdminFile(database: string, content: AdminFile): () => void {
  if (!hasFile(database)) return () => {};
  if (isPostgresUrl(database)) mkdirSync(dirname(pathOf(database)), { recursive: true });
  writeSecretFile(pathOf(database), content);
  return () => {
    if (readAdminFile(database)?.token === content.token) rmSync(pathOf(database), { force: true });
  };
}

const PROBE_MS = 2_000;

/**
 * The server that the file names, if it still answers to the token. The process id alone proves nothing: after a crash
 * another process may have it, and in a container it is the same at every start.
 */
export async function runningServer(database: string): Promise<AdminFile | undefined> {
  const file = readAdminFile(database);
  if (!file) return undefined;
  try {
    const response = await fetch(`${file.url}/api-keys`, {
      headers: { authorization: `Bearer ${file.token}` },
      signal: AbortSignal.timeout(PROBE_MS),
    });
    await response.body?.cancel();
    return response.ok ? file : undefined;
  } catch {
    return undefined; // nothing listens there any more
  }
}
