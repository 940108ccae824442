import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.js';
import { Sketch } from './sketch.js';

/** Of a thousand, as whole numbers: their ranks are exact. */
const PER_MILLE = [0, 10, 70, 500, 900, 950, 990, 999, 1_000];

function sketchOf(values: readonly number[]): Sketch {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function expectWithinOnePercent(values: readonly number[], sketch: Sketch): void {
  const sorted = [...values].sort((a, b) => a - b);
  for (const perMille of PER_MILLE) {
    const exact = sorted[Math.max(0, Math.ceil((perMille * sorted.length) / 1_000) - 1)] as number;
    expect(Math.abs(sketch.quantile(perMille / 1_000) - exact), `p${perMille / 10} of ${values.length}`).toBeLessThanOrEqual(
      Math.abs(exact) * 0.01,
    );
  }
}

const written = (sketch: Sketch): Uint8Array => {
  const writer = new ByteWriter();
  sketch.write(writer);
  return Uint8Array.from(writer.bytes());
};

const state = (sketch: Sketch) => ({
  count: sketch.count,
  sum: sketch.sum,
  min: sketch.min,
  max: sketch.max,
  buckets: [...sketch.buckets()],
});

/** From nanoseconds to decades, evenly over the magnitudes; and their negatives. */
const anyMagnitude = fc
  .tuple(fc.double({ min: -20, max: 34, noNaN: true }), fc.boolean())
  .map(([power, negative]) => (negative ? -1 : 1) * Math.exp(power));
const durations = fc.nat(86_400_000);
const heavyTailed = fc.double({ min: 1e-6, max: 1, noNaN: true }).map((u) => Math.round(10 / u ** 1.2));
const distributions = fc.oneof(
  fc.array(durations, { minLength: 1, maxLength: 500 }),
  fc.array(heavyTailed, { minLength: 1, maxLength: 500 }),
  fc.array(anyMagnitude, { minLength: 1, maxLength: 200 }),
  fc.tuple(fc.oneof(durations, anyMagnitude), fc.integer({ min: 1, max: 300 })).map(([value, n]) => Array(n).fill(value)),
);

describe('a sketch', () => {
  it('gives every quantile within 1 % of the exact one: random, heavy-tailed, constant, of any magnitude', () => {
    fc.assert(
      fc.property(distributions, (values) => expectWithinOnePercent(values, sketchOf(values))),
      { numRuns: 500 },
    );
  });

  it('hides the worst of few values from no high share, and takes the nearest rank of many', () => {
    const slow = sketchOf([...Array(9).fill(10), 5_000]);
    expect([0.5, 0.9, 0.95, 0.99].map((share) => slow.quantile(share))).toEqual(
      [10, 10, 5_000, 5_000].map((ms) => expect.closeTo(ms, -2)),
    );
    const powers = sketchOf(Array.from({ length: 100 }, (_, n) => 1.1 ** (n + 1)));
    for (let percent = 1; percent <= 100; percent++) {
      expect(Math.log(powers.quantile(percent / 100)) / Math.log(1.1), `p${percent} of 100`).toBeCloseTo(percent, 0);
    }
  });

  it('gives a constant exactly', () => {
    expect([0, 0.5, 0.99, 1].map((share) => sketchOf([1_234, 1_234, 1_234]).quantile(share))).toEqual(Array(4).fill(1_234));
  });

  it('adds up: parts that were written and read again are the whole, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(durations, { maxLength: 60 }), { maxLength: 8 }), (parts) => {
        const read = new Sketch();
        const merged = new Sketch();
        for (const part of parts.toReversed()) {
          read.read(new ByteReader(written(sketchOf(part))));
          merged.merge(sketchOf(part));
        }
        const whole = sketchOf(parts.flat());
        expect(state(read)).toEqual(state(whole));
        expect(state(merged)).toEqual(state(whole));
      }),
    );
  });

  it('counts values up to a bound', () => {
    const sketch = sketchOf([0, 5, 10, 20, 40, 1_000]);
    expect([-1, 0, 7, 15, 30, 999_999].map((bound) => sketch.countUpTo(bound))).toEqual([0, 1, 2, 3, 4, 6]);
  });

  it('is small: a byte or two a bucket', () => {
    const spread = sketchOf(Array.from({ length: 10_000 }, (_, n) => 100 + (n % 900)));
    expect(written(spread).length).toBeLessThan([...spread.buckets()].length * 3 + 20);
  });

  it('is nothing without values', () => {
    const empty = new Sketch();
    expect(empty.quantile(0.5)).toBeNaN();
    expect(written(empty)).toEqual(Uint8Array.of(0));
  });
});
