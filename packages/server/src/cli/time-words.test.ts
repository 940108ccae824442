import { describe, expect, it } from 'vitest';
import { between, duration, lengthOf, momentAhead, momentOf, relative } from './time-words.js';

const NOW = Date.parse('2030-01-31T12:00:00.000Z');
const at = (ms: number) => new Date(NOW + ms).toISOString();
const MINUTE = 60_000;

describe('times for people', () => {
  it.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1m 00s'],
    [3_599_999, '59m 59s'],
    [12_000_000, '3h 20m'],
    [26 * 60 * MINUTE, '1d 2h'],
  ])('%d ms is %s', (ms, words) => expect(duration(ms)).toBe(words));

  it.each([
    [-500, 'now'],
    [-59_000, '59s ago'],
    [-5 * MINUTE, '5m ago'],
    [3 * 60 * MINUTE, 'in 3h'],
    [-50 * 60 * MINUTE, '2d ago'],
  ])('%d ms from now is %s', (ms, words) => expect(relative(at(ms), NOW)).toBe(words));

  it('a stretch without an end lasts until now', () => {
    expect([between(at(-2_000), undefined, NOW), between(at(-2_000), at(-1_500), NOW)]).toEqual(['2.0 s', '500 ms']);
    expect([between(undefined, undefined, NOW), relative(undefined, NOW)]).toEqual(['', '']);
  });
});

describe('times that people write', () => {
  it('are moments, or how far from now', () => {
    expect(momentOf('24h', '--from', NOW)).toBe('2030-01-30T12:00:00.000Z');
    expect(momentAhead('90d', '--expires', NOW)).toBe('2030-05-01T12:00:00.000Z');
    expect(momentOf('2030-01-01', '--from', NOW)).toBe('2030-01-01T00:00:00.000Z');
    expect(momentOf('2030-01-01T10:00:00+02:00', '--from', NOW)).toBe('2030-01-01T08:00:00.000Z');
    expect([lengthOf('0s', '--overlap'), lengthOf('90m', '--overlap')]).toEqual([0, 90 * MINUTE]);
  });

  it.each(['yesterday', '12', '', '2030-13-45', '5 m', '-1h'])('are refused when they are none: "%s"', (text) => {
    expect(() => momentOf(text, '--from', NOW)).toThrow(/^--from must be a time as/);
  });
});
