import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from './periods.js';
import { windowOf } from './window.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 31, 12, 34, 56, 789);
const KEPT = { insightMinutesMs: 2 * DAY, insightHoursMs: 40 * DAY };
const last = (length: number) => windowOf(NOW - length, NOW, NOW, KEPT);

describe('a window', () => {
  it.each([
    [HOUR, MINUTE],
    [DAY, HOUR],
    [7 * DAY, HOUR],
    [90 * DAY, DAY],
  ])('of %d ms has points of %d ms', (length, resolution) => expect(last(length).resolution).toBe(resolution));

  it('is covered without a gap or an overlap, by periods of which each is at its border', () => {
    const stretch = fc.tuple(fc.integer({ min: 1, max: 400 * DAY }), fc.integer({ min: 0, max: 400 * DAY }));
    fc.assert(
      fc.property(stretch, ([length, ago]) => {
        const [from, to] = [NOW - ago - length, NOW - ago];
        const window = windowOf(from, to, NOW, KEPT);
        expect(window.from).toBeLessThanOrEqual(from);
        expect(window.to).toBeGreaterThanOrEqual(to);
        let at = window.from;
        for (const span of window.spans) {
          expect(span.from).toBe(at);
          expect([span.from % span.resolution, span.to % span.resolution]).toEqual([0, 0]);
          at = span.to;
        }
        expect(at).toBe(window.to);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a day begins to the minute, of a month to the hour', () => {
    expect(NOW - DAY - last(DAY).from).toBeLessThan(MINUTE);
    expect(NOW - 30 * DAY - last(30 * DAY).from).toBeLessThan(HOUR);
  });

  it('that begins before the minutes that are kept begins at an hour, else it would miss what lies between', () => {
    const window = windowOf(NOW - 5 * DAY - 90 * MINUTE, NOW - 5 * DAY, NOW, KEPT);
    expect(window.spans.map(({ resolution }) => resolution)).toEqual([HOUR]);
  });
});
