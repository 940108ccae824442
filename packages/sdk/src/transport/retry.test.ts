import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRetryAfter, RETRY, retryDelay } from './retry.js';

const failed = {
  attempt: 1,
  maxAttempts: 5,
  failingForMs: 0,
  retryForMs: 120_000,
  retryable: true,
  retryAfterMs: undefined,
  random: 0.5,
};

describe('the wait before a repeat', () => {
  it('doubles up to its cap', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((attempt) => retryDelay({ ...failed, attempt, maxAttempts: 9, random: 1 }));
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
  });

  it('lets the last attempt come when the time is over, and none after it', () => {
    const late = { ...failed, attempt: 20, maxAttempts: 99, random: 1, retryForMs: 30_000 };
    expect(retryDelay({ ...late, failingForMs: 27_000 })).toBe(3_000);
    expect(retryDelay({ ...late, failingForMs: 30_000 })).toBeUndefined();
    expect(retryDelay({ ...late, failingForMs: 27_000, retryAfterMs: 3_001 })).toBeUndefined();
    expect(retryDelay({ ...failed, retryForMs: 0 })).toBeUndefined();
  });

  it('is not, after the last attempt or an error that repeats itself', () => {
    expect(retryDelay({ ...failed, attempt: 5 })).toBeUndefined();
    expect(retryDelay({ ...failed, retryable: false })).toBeUndefined();
  });

  it('lies between what the server asked for and that plus the cap, whatever the attempt', () => {
    const inputs = fc.record({
      attempt: fc.integer({ min: 1, max: 10_000 }),
      retryAfterMs: fc.integer({ min: 0, max: RETRY.patienceMs }),
      random: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(inputs, (input) => {
        const wait = retryDelay({ ...failed, ...input, maxAttempts: 10_001 });
        return wait !== undefined && wait >= input.retryAfterMs && wait <= input.retryAfterMs + RETRY.capMs;
      }),
    );
  });
});

describe('a Retry-After header', () => {
  const now = Date.parse('2026-11-20T08:00:00Z');
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 5 ', 5_000],
    ['Fri, 20 Nov 2026 08:00:10 GMT', 10_000],
    ['Fri, 20 Nov 2026 07:00:00 GMT', 0],
    ['soon', undefined],
    ['-1x', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %o as %o ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });
});
