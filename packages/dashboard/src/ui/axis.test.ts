import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lonely, SCALES, type Unit } from './axis.js';

/** Lines of an axis up to a value, with the smallest step that leaves so many of them at most. */
function axisTo(unit: Unit, most: number, lines = 7) {
  const { steps, labels } = SCALES[unit];
  const step = steps.find((each) => most / each < lines) ?? Number.NaN;
  const values = Array.from({ length: Math.floor(most / step) + 1 }, (_, at) => Number((at * step).toFixed(3)));
  return labels(values, step);
}

describe('labels of an axis', () => {
  it('of counts are whole numbers, however few there are', () => {
    expect(axisTo('count', 1.1)).toEqual(['0', '1']);
    expect(axisTo('count', 4.4)).toEqual(['0', '1', '2', '3', '4']);
    expect(axisTo('count', 550_000)).toEqual(['0', '100K', '200K', '300K', '400K', '500K']);
  });

  it('of durations have as many digits as their step, in one unit below a minute', () => {
    expect(axisTo('duration', 0.9, 5)).toEqual(['0', '0.2 ms', '0.4 ms', '0.6 ms', '0.8 ms']);
    expect(axisTo('duration', 3.3, 5)).toEqual(['0', '1 ms', '2 ms', '3 ms']);
    expect(axisTo('duration', 2_200, 6)).toEqual(['0', '0.5 s', '1.0 s', '1.5 s', '2.0 s']);
    expect(axisTo('duration', 50_000, 6)).toEqual(['0', '10 s', '20 s', '30 s', '40 s', '50 s']);
    expect(axisTo('duration', 100_000, 5)).toEqual(['0', '30 s', '1m', '1m 30s']);
    expect(axisTo('duration', 3 * 3_600_000)).toEqual(['0', '30m', '1h', '1h 30m', '2h', '2h 30m', '3h']);
  });

  it.each(['count', 'duration'] as const)('of a %s are never the same twice', (unit) => {
    const magnitudes = fc.double({ min: unit === 'count' ? 0 : -2, max: unit === 'count' ? 12 : 10, noNaN: true });
    fc.assert(
      fc.property(magnitudes, fc.integer({ min: 3, max: 9 }), (power, lines) => {
        const labels = axisTo(unit, 10 ** power, lines);
        expect(labels.length).toBeGreaterThan(0);
        expect(new Set(labels).size).toBe(labels.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('a value without neighbours is told from those that a line joins', () => {
  expect(lonely([null, 4, null, 1, 2, null, 0])).toEqual([1, 6]);
  expect(lonely([3])).toEqual([0]);
  expect(lonely([null, null])).toEqual([]);
});
