import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from './bytes.js';

describe('bytes', () => {
  it('come back as they were', () => {
    const values = fc.array(
      fc.record({
        count: fc.maxSafeNat(),
        integer: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
        number: fc.double({ noNaN: true }),
      }),
      { maxLength: 100 },
    );
    fc.assert(
      fc.property(values, (rows) => {
        const writer = new ByteWriter();
        for (const { count, integer, number } of rows) {
          writer.count(count);
          writer.integer(integer);
          writer.number(number);
        }
        const reader = new ByteReader(Uint8Array.from(writer.bytes()));
        expect(rows.map(() => ({ count: reader.count(), integer: reader.integer(), number: reader.number() }))).toEqual(rows);
        expect(reader.isAtEnd).toBe(true);
      }),
    );
  });

  it('that are cut short are an error, not a number', () => {
    const writer = new ByteWriter();
    writer.count(1_000);
    expect(() => new ByteReader(writer.bytes().subarray(0, 1)).count()).toThrow(RangeError);
  });

  it('can be passed over', () => {
    const writer = new ByteWriter();
    writer.block(Uint8Array.of(1, 2, 3));
    writer.count(9);
    const reader = new ByteReader(writer.bytes());
    reader.skip(reader.count());
    expect(reader.count()).toBe(9);
  });
});
