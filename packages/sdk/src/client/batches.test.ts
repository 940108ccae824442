import { LIMITS } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchBody, halve, splitBatches } from './batches.js';

describe('splitting a list into calls', () => {
  it('keeps order and content, and every limit that can be kept', () => {
    const items = fc.array(fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text)));
    const limits = fc.record({ items: fc.integer({ min: 1, max: 5 }), bytes: fc.integer({ min: 20, max: 120 }) });
    fc.assert(
      fc.property(items, limits, (list, limit) => {
        const batches = splitBatches(list, limit);
        expect(batches.flat()).toEqual(list);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limit.items);
          if (batch.length > 1) expect(Buffer.byteLength(batchBody(batch))).toBeLessThanOrEqual(limit.bytes);
        }
      }),
    );
  });

  it('holds at most 1,000 items and less than 2 MiB by default', () => {
    expect(splitBatches(Array<string>(2_001).fill('{}')).map((batch) => batch.length)).toEqual([1_000, 1_000, 1]);
    const half = JSON.stringify('x'.repeat(1024 * 1024 - 10));
    const batches = splitBatches([half, half, half]);
    expect(batches.map((batch) => batch.length)).toEqual([1, 1, 1]);
    expect(Buffer.byteLength(batchBody([half, half]))).toBeGreaterThanOrEqual(LIMITS.batchBodyBytes);
  });

  it('counts bytes, not characters', () => {
    expect(splitBatches(['"éé"', '"éé"'], { items: 9, bytes: 16 + 2 * 5 })).toHaveLength(2);
    expect(splitBatches(['"ee"', '"ee"'], { items: 9, bytes: 16 + 2 * 5 })).toHaveLength(1);
  });

  it('halves without losing any', () => {
    expect(halve(['a', 'b', 'c'])).toEqual([['a', 'b'], ['c']]);
  });
});
