import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keyFileOf, masterKey } from './master-key.js';
import { createSecrets, NoSecretKey } from './secrets.js';

const MASTER = 'a master secret of 32 or more characters';
const withMaster = (master: string) => createSecrets({ master: () => master, randomBytes });

describe('a sealed secret', () => {
  it('comes back as it was, and its sealed form shows nothing of it', () => {
    const secrets = withMaster(MASTER);
    for (const text of ['whsec_c2VjcmV0', '', 'ünï\u0000çödé', 'x'.repeat(10_000)]) {
      const sealed = secrets.seal(text, 'hook:7');
      expect(secrets.open(sealed, 'hook:7')).toBe(text);
      expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]+$/);
      if (text.length > 4) expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain(text);
    }
  });

  it('is another one each time, so that equal secrets cannot be told', () => {
    const secrets = withMaster(MASTER);
    expect(secrets.seal('same', 'hook:7')).not.toBe(secrets.seal('same', 'hook:7'));
  });

  it('opens with the same master secret after a restart, and with no other', () => {
    const sealed = withMaster(MASTER).seal('secret', 'hook:7');
    expect(withMaster(MASTER).open(sealed, 'hook:7')).toBe('secret');
    expect(() => withMaster(`${MASTER}!`).open(sealed, 'hook:7')).toThrow(/was sealed with the key [0-9a-f]{8}; this one is/);
  });

  it('opens with the key of before beside the new one, which seals it again', () => {
    const sealed = withMaster(MASTER).seal('secret', 'hook:7');
    const both = createSecrets({ master: () => `${MASTER}!`, others: () => [MASTER], randomBytes });
    expect(both.open(sealed, 'hook:7')).toBe('secret');
    expect(both.isSealedHere(sealed.slice(0, 11))).toBe(true);
    const resealed = both.reseal(sealed, 'hook:7') ?? '';
    expect(withMaster(`${MASTER}!`).open(resealed, 'hook:7')).toBe('secret');
    expect(both.reseal(resealed, 'hook:7')).toBeUndefined();
    expect(() => both.reseal(resealed, 'hook:8')).toThrow('changed, or sealed for another place');
    expect(withMaster(`${MASTER}!`).isSealedHere(sealed.slice(0, 11))).toBe(false);
  });

  it('does not open in the place of another', () => {
    const secrets = withMaster(MASTER);
    const sealed = secrets.seal('secret', 'hook:7');
    expect(() => secrets.open(sealed, 'hook:8')).toThrow('changed, or sealed for another place');
  });

  it('does not open when any part of it was changed', () => {
    const secrets = withMaster(MASTER);
    const [version, id, body = ''] = secrets.seal('secret', 'hook:7').split('.');
    const bytes = Buffer.from(body, 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => secrets.open(`${version}.${id}.${changed.toString('base64url')}`, 'hook:7')).toThrow();
    }
    for (const cut of [0, 5, bytes.length - 16, bytes.length - 1]) {
      const short = bytes.subarray(0, cut).toString('base64url');
      expect(() => secrets.open(`${version}.${id}.${short}`, 'hook:7')).toThrow();
    }
    expect(() => secrets.open('plain text', 'hook:7')).toThrow('not one that was sealed');
  });

  it('says beforehand when there is no key', () => {
    const keyless = createSecrets({
      master: () => masterKey({ configured: undefined, database: undefined, randomBytes }),
      randomBytes,
    });
    expect(keyless.unavailable()).toContain('PIPELOGIQ_SECRET_KEY');
    expect(() => keyless.seal('secret', 'hook:7')).toThrow(NoSecretKey);
    expect(withMaster(MASTER).unavailable()).toBeUndefined();
  });

  it('tells of no secret in its errors', () => {
    const sealed = withMaster(MASTER).seal('topsecret', 'hook:7');
    try {
      withMaster(`${MASTER}!`).open(sealed, 'hook:7');
      expect.unreachable();
    } catch (error) {
      expect(`${error}`).not.toContain('topsecret');
      expect(`${error}`).not.toContain(MASTER);
    }
  });
});

describe('the master key', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'pipelogiq-key-'));
    onTestFinished(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  const of = (database: string | undefined, configured?: string) => masterKey({ configured, database, randomBytes });

  it('is the configured one before any file, and then no file is made', () => {
    const database = join(folder(), 'p.db');
    expect(of(database, MASTER)).toBe(MASTER);
    expect(of(undefined, MASTER)).toBe(MASTER);
    expect(existsSync(keyFileOf(database))).toBe(false);
  });

  it('is made once beside a database file, readable by its owner only, and read again', () => {
    const directory = folder();
    const database = join(directory, 'p.db');
    const key = of(database);
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(keyFileOf(database)).mode & 0o777).toBe(0o600);
    expect(of(database)).toBe(key);
    expect(readFileSync(keyFileOf(database), 'utf8').trim()).toBe(key);
    expect(readdirSync(directory)).toEqual(['p.db.key']);
  });

  it('lives as long as the process for a database in memory', () => {
    expect(of(':memory:')).not.toBe(of(':memory:'));
  });

  it('has to be given for a database on the network', () => {
    expect(() => of(undefined)).toThrow(NoSecretKey);
    expect(() => of(undefined)).toThrow('PIPELOGIQ_SECRET_KEY');
  });

  it('is not taken from a file that others may read, from a link, or from an empty file', () => {
    const database = join(folder(), 'p.db');
    of(database);
    chmodSync(keyFileOf(database), 0o640);
    expect(() => of(database)).toThrow('mode 0600');
    const linked = join(folder(), 'p.db');
    symlinkSync(keyFileOf(database), keyFileOf(linked));
    expect(() => of(linked)).toThrow('mode 0600');
    const empty = join(folder(), 'p.db');
    writeFileSync(keyFileOf(empty), '', { mode: 0o600 });
    expect(() => of(empty)).toThrow('holds no key');
  });
});
