import { describe, expect, it } from 'vitest';
import { fingerprintOf, normalise } from './fingerprint.js';

describe('a message', () => {
  it.each([
    ['order 42 not found', 'order <n> not found'],
    ['user 3f2b8c1e-0f7a-4b7e-9a53-0d9c6a1b2c3d is gone', 'user <uuid> is gone'],
    ["ENOENT: no such file or directory, open '/var/data/7/report.csv'", "ENOENT: no such file or directory, open '<path>'"],
    ['connect ECONNREFUSED 10.0.0.12:5432', 'connect ECONNREFUSED <n>'],
    ['GET https://api.example.com/v1/users/99?q=a failed with 503', 'GET <url> failed with <n>'],
    ['blob 9f86d081884c7d65 is corrupt', 'blob <hex> is corrupt'],
    ['at 2026-11-22T10:00:00.123Z the clock stopped', 'at <time> the clock stopped'],
    ['mail to ada@example.com bounced', 'mail to <email> bounced'],
    ['C:\\jobs\\12\\in.txt is locked', '<path> is locked'],
    ['took 1.5 s,\n  limit 1', 'took <n> s, limit <n>'],
    ['a defaced facade', 'a defaced facade'],
  ])('%j becomes %j', (message, normalised) => expect(normalise(message)).toBe(normalised));

  it('of any length costs little', () => {
    expect(normalise(`${'/a'.repeat(100_000)} ${'0x'.repeat(100_000)}`).length).toBeLessThan(600);
  });
});

describe('a fingerprint', () => {
  const failure = { handler: 'charge', code: 'declined', message: 'card 1 declined' };

  it('is the same for failures that differ in numbers alone', () => {
    expect(fingerprintOf({ ...failure, message: 'card 277 declined' })).toEqual(fingerprintOf(failure));
    expect(fingerprintOf(failure).fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([{ handler: 'refund' }, { code: 'timeout' }, { message: 'card 1 expired' }])('differs with %j', (other) =>
    expect(fingerprintOf({ ...failure, ...other }).fingerprint).not.toBe(fingerprintOf(failure).fingerprint),
  );
});
