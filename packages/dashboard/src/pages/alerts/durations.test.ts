import { describe, expect, it } from 'vitest';
import { durationMs, durationText } from './durations.js';

describe('a duration as it is typed', () => {
  it.each([
    [0, '0'],
    [250, '250ms'],
    [10_000, '10s'],
    [300_000, '5m'],
    [5_400_000, '1h 30m'],
    [86_400_000, '1d'],
  ])('%i ms is %s, and back', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });

  it('takes fractions and spaces', () => {
    expect(durationMs(' 1.5 h ')).toBe(5_400_000);
    expect(durationMs('')).toBe('empty');
  });

  it.each(['10', 'soon', '5 x', '-5m', '5m later'])('is not "%s"', (text) => expect(durationMs(text)).toBeUndefined());
});
