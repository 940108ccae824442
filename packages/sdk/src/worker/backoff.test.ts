import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconnectDelay } from './backoff.js';

describe('the wait before the next try', () => {
  it('grows from 100 ms to 5 s', () => {
    expect([1, 2, 3, 7, 100].map((failures) => reconnectDelay(failures, () => 1))).toEqual([100, 200, 400, 5_000, 5_000]);
  });

  it('takes at least half of it and never more than the whole', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const full = reconnectDelay(failures, () => 1);
        const delay = reconnectDelay(failures, () => random);
        expect(delay).toBeGreaterThanOrEqual(full / 2);
        expect(delay).toBeLessThanOrEqual(full);
      }),
    );
  });
});
