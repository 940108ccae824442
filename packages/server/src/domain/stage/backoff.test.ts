import type { Backoff } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

const MAX = 366 * 24 * 3_600_000;
const backoffs: fc.Arbitrary<Backoff> = fc.record(
  {
    type: fc.constantFrom('fixed', 'linear', 'exponential'),
    delayMs: fc.integer({ min: 0, max: MAX }),
    maxDelayMs: fc.integer({ min: 0, max: MAX }),
    jitter: fc.boolean(),
  },
  { requiredKeys: ['type', 'delayMs'] },
);
const attempts = fc.integer({ min: 1, max: 5_000 });
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('is a whole number between 0 and the cap, whatever the options', () => {
  fc.assert(
    fc.property(backoffs, attempts, fraction, (backoff, spent, random) => {
      const wait = backoffMs(backoff, spent, () => random);
      expect(Number.isSafeInteger(wait)).toBe(true);
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThanOrEqual(backoff.maxDelayMs ?? 300_000);
    }),
  );
});

it('never shrinks from one attempt to the next, and is jittered below what it would be without jitter', () => {
  fc.assert(
    fc.property(backoffs, attempts, fraction, (backoff, spent, random) => {
      const steady = { ...backoff, jitter: false };
      const wait = backoffMs(steady, spent, () => random);
      expect(backoffMs(steady, spent + 1, () => random)).toBeGreaterThanOrEqual(wait);
      expect(backoffMs({ ...backoff, jitter: true }, spent, () => random)).toBeLessThanOrEqual(wait);
    }),
  );
});

it('is 0 for a delay of 0, however many attempts were spent', () => {
  expect(backoffMs({ type: 'exponential', delayMs: 0 }, 1_025, () => 0.5)).toBe(0);
});

it('grows as its name says', () => {
  const wait = (type: Backoff['type'], spent: number) => backoffMs({ type, delayMs: 100, jitter: false }, spent, Math.random);
  expect([1, 2, 3, 4].map((spent) => wait('fixed', spent))).toEqual([100, 100, 100, 100]);
  expect([1, 2, 3, 4].map((spent) => wait('linear', spent))).toEqual([100, 200, 300, 400]);
  expect([1, 2, 3, 4].map((spent) => wait('exponential', spent))).toEqual([100, 200, 400, 800]);
});
