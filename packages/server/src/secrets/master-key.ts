import { linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { NoSecretKey } from './secrets.js';

export interface MasterKeyOptions {
  /** `PIPELOGIQ_SECRET_KEY`; counts before any file. */
  configured: string | undefined;
  /** Path of the database, `:memory:`, or undefined where it is no file of this machine. */
  database: string | undefined;
  randomBytes(bytes: number): Buffer;
}

const KEY_BYTES = 32;

/** `pipelogiq.db` has its key in `pipelogiq.db.key`. */
export const keyFileOf = (database: string): string => `${resolve(database)}.key`;

/**
 * The secret from which the key is derived: the configured one; else, beside a database file, that of a file which is made with the
 * first secret; in memory one that goes with the process. Servers that share a database over the network must be given one:
 * each would make another.
 */
export function masterKey({ configured, database, randomBytes }: MasterKeyOptions): string {
  if (configured !== undefined) return configured;
  if (database === undefined) {
    throw new NoSecretKey(
      'Set PIPELOGIQ_SECRET_KEY (32 or more characters, the same for all servers) to keep secrets in this database.',
    );
  }
  const fresh = () => randomBytes(KEY_BYTES).toString('base64url');
  if (database === ':memory:' || database === '') return fresh();
  const path = keyFileOf(database);
  return readKeyFile(path) ?? makeKeyFile(path, fresh(), randomBytes(8).toString('hex'));
}

/** Made while a key is changed; it opens what was sealed anew before the change was cut short. */
export const nextKeyFileOf = (database: string): string => `${keyFileOf(database)}.next`;

/** What else may open secrets: the configured key of before, and the files beside a database file. */
export function otherKeys(configuredOld: string | undefined, database: string | undefined): string[] {
  const isFile = database !== undefined && database !== ':memory:' && database !== '';
  const files = isFile ? [keyFileOf(database), nextKeyFileOf(database)].map(readKeyFile) : [];
  return [configuredOld, ...files].filter((key) => key !== undefined);
}

/** Undefined when there is none. One that others may read or write is refused: its secrets would be theirs. */
export function readKeyFile(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const ours = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o077) === 0);
  if (!stat.isFile() || !ours) {
    throw new NoSecretKey(`The key file ${path} must be a file of the server's own user with mode 0600.`);
  }
  const key = readFileSync(path, 'utf8').trim();
  if (key.length < KEY_BYTES) throw new NoSecretKey(`The key file ${path} holds no key.`);
  return key;
}

/** A link puts the whole file in its place, and never over one that another process has just made. */
function makeKeyFile(path: string, key: string, suffix: string): string {
  const draft = `${path}.${suffix}`;
  try {
    writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx' });
    linkSync(draft, path);
    return key;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readKeyFile(path) : undefined;
    if (other !== undefined) return other;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
