import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineWriter } from './line-writer.js';

const part = fc.oneof(
  fc.integer({ min: 0 }).map((number) => ({ number })),
  fc.constantFrom(0, -0, 9, 10, 99, 1e15 - 1, 1e15, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21).map((number) => ({ number })),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => ({ number })),
  fc.string({ unit: 'grapheme' }).map((text) => ({ text })),
);

it('writes texts, numbers and bytes as joined strings would be, however little room there was', () => {
  fc.assert(
    fc.property(fc.array(part), fc.integer({ min: 0, max: 64 }), (parts, size) => {
      const writer = new LineWriter(Buffer.alloc(size));
      let expected = '';
      for (const one of parts) {
        if ('number' in one) writer.number(one.number);
        else {
          writer.text(one.text);
          writer.bytes(Buffer.from(one.text));
        }
        writer.endLine();
        expected += 'number' in one ? `${one.number}\n` : `${one.text}${one.text}\n`;
      }
      expect(writer.taken().toString()).toBe(Buffer.from(expected).toString());
    }),
  );
});

it('writes what is no finite number as Prometheus reads it', () => {
  const writer = new LineWriter(Buffer.alloc(0));
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    writer.number(value);
    writer.endLine();
  }
  expect(writer.taken().toString()).toBe('NaN\n+Inf\n-Inf\n');
});
