import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { keyFileOf, nextKeyFileOf, otherKeys, readKeyFile } from './master-key.js';
import { createSecrets, keyIdOf, NoSecretKey, type Secrets } from './secrets.js';

export interface KeyChangeOptions {
  /** `PIPELOGIQ_SECRET_KEY`: the key to change to; without it, a new key file beside the database. */
  configured: string | undefined;
  /** `PIPELOGIQ_SECRET_KEY_OLD`. */
  configuredOld: string | undefined;
  /** Path of the database; undefined where it is no file of this machine. */
  database: string | undefined;
  randomBytes(bytes: number): Buffer;
}

export interface KeyChange {
  /** Opens with every key that there is, seals with the new one. */
  secrets: Pick<Secrets, 'reseal'>;
  /** Once all secrets are stored under the new key. Where keys are files, tells where the old one is kept. */
  finish(): { keptAt?: string };
}

const KEY_BYTES = 32;

/**
 * A change to another key. A new key file is on the disk before anything is sealed with it, and the old one stays in its place until all
 * is: whenever the change is cut short, the two files together open every secret, and the next change goes on with the same key.
 * Nobody else may change keys of this database meanwhile.
 * @throws NoSecretKey when there is no key to change
 */
export function openKeyChange({ configured, configuredOld, database, randomBytes }: KeyChangeOptions): KeyChange {
  const others = () => otherKeys(configuredOld, database);
  if (configured !== undefined) {
    return { secrets: createSecrets({ master: () => configured, others, randomBytes }), finish: () => ({}) };
  }
  if (database === undefined || configuredOld !== undefined) {
    throw new NoSecretKey('Set PIPELOGIQ_SECRET_KEY to the new key, and PIPELOGIQ_SECRET_KEY_OLD to the one of now.');
  }
  const path = keyFileOf(database);
  const old = readKeyFile(path);
  if (old === undefined) {
    throw new NoSecretKey(
      `There is no key file ${path}: either no secret is stored, or its key is that of PIPELOGIQ_SECRET_KEY; then set that to the new key, and PIPELOGIQ_SECRET_KEY_OLD to the one of now.`,
    );
  }
  const next = nextKeyFileOf(database);
  const fresh = readKeyFile(next) ?? writeKeyFile(next, randomBytes(KEY_BYTES).toString('base64url'));
  return {
    secrets: createSecrets({ master: () => fresh, others, randomBytes }),
    finish: () => ({ keptAt: replace(path, next, `${path}.old-${keyIdOf(old)}`) }),
  };
}

/** A rename puts the whole file in its place. A draft of a change that was cut short is written anew: nothing was sealed with it. */
function writeKeyFile(path: string, key: string): string {
  const draft = `${path}.draft`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${key}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  syncFolderOf(path);
  return key;
}

/** Backups of before need the old key: it stays under the id that stands in their secrets. */
function replace(path: string, next: string, keptAt: string): string {
  try {
    linkSync(path, keptAt);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // of a change that was cut short after it
  }
  renameSync(next, path);
  syncFolderOf(path);
  return keptAt;
}

/** Names are on the disk with their folder only. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
