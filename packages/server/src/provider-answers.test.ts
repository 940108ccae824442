import { describe, expect, it } from 'vitest';
import { retryAfter, waitOf } from './provider-answers.js';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const HOUR = 3_600_000;
const after = (value: string) => retryAfter({ headers: { 'retry-after': value } }, NOW);

describe('Retry-After', () => {
  it.each([
    ['90', 90_000],
    ['0.5', 500],
    ['3600', HOUR],
    ['3601', HOUR],
    ['99999999999999999999', HOUR],
    [new Date(NOW + 60_000).toUTCString(), 60_000],
    [new Date(NOW + 24 * HOUR).toUTCString(), HOUR],
  ])('of %s is a wait of at most an hour', (value, ms) => {
    expect(after(value)).toBe(ms);
  });

  // Seen to fail: 0, a negative number and a date that is over were a wait of no time, which a provider that fails had again and again.
  it.each(['0', '0.0', '-5', 'soon', '', '5 minutes', 'NaN', new Date(NOW).toUTCString(), new Date(NOW - HOUR).toUTCString()])(
    'of %j says nothing',
    (value) => {
      expect(after(value)).toBeUndefined();
    },
  );

  // Seen to fail with 0: a wait of no time, again and again.
  it('in a body is a number of seconds above 0', () => {
    expect([0.65, 14, 7_200].map(waitOf)).toEqual([650, 14_000, HOUR]);
    expect([0, -1, '14', null, undefined].map(waitOf)).toEqual(Array(5).fill(undefined));
  });

  it('says nothing where there is none', () => {
    expect(retryAfter({ headers: {} }, NOW)).toBeUndefined();
  });
});
