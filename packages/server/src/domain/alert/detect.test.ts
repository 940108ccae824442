import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge, thresholdsOf } from './detect.js';

const figures = fc.array(
  fc.record({ value: fc.option(fc.double({ min: -10, max: 10, noNaN: true }), { nil: undefined }), ms: fc.nat(10) }),
);

describe('a condition', () => {
  it('fires and ends by turns, and never between its two thresholds', () => {
    fc.assert(
      fc.property(figures, fc.nat(20), (steps, forMs) => {
        const thresholds = thresholdsOf({ threshold: 5, clearThreshold: 3, forMs }, 0);
        let state: Parameters<typeof judge>[0] = { firing: 0, crossed_at: null };
        let now = 0;
        for (const { value, ms } of steps) {
          now += ms;
          const before = state;
          const { change, ...after } = judge(state, value, thresholds, now);
          if (change === 'fires') expect([before.firing, (value ?? 0) >= 5]).toEqual([0, true]);
          if (change === 'ends') expect([before.firing, value === undefined || value < 3]).toEqual([1, true]);
          if (!change) expect(after.firing).toBe(before.firing);
          state = after;
        }
      }),
    );
  });

  it('has a margin of a tenth when it names none, on the side of the threshold where all is well', () => {
    expect(thresholdsOf({ threshold: 100 }, 0).clearThreshold).toBe(90);
    expect(thresholdsOf({ threshold: 0.5, direction: 'below' }, 0).clearThreshold).toBe(0.55);
  });

  it('waits for its time on both sides, and begins anew when it is broken', () => {
    const thresholds = thresholdsOf({ threshold: 5, forMs: 10 }, 0);
    const waiting = judge({ firing: 0, crossed_at: null }, 6, thresholds, 100);
    expect(waiting).toEqual({ firing: 0, crossed_at: 100 });
    expect(judge(waiting, 4, thresholds, 105)).toEqual({ firing: 0, crossed_at: null });
    expect(judge(waiting, 6, thresholds, 110)).toEqual({ firing: 1, crossed_at: null, change: 'fires' });
  });
});
