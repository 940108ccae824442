import { expect, it } from 'vitest';
import { newIdempotencyKey } from './idempotency-key.js';

it('is a UUID of version 7', () => {
  // The example of RFC 9562, appendix A.6.
  const random = Buffer.from('0cc318c4dc0c0c07398f', 'hex');
  expect(newIdempotencyKey(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  expect(newIdempotencyKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('sorts by time and never repeats', () => {
  const keys = [1, 2, 10, 1_000, 2 ** 40].map((now) => newIdempotencyKey(now));
  expect([...keys].sort()).toEqual(keys);
  expect(new Set(Array.from({ length: 1_000 }, () => newIdempotencyKey(0))).size).toBe(1_000);
});
