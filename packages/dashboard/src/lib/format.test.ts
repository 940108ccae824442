import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFigure,
  formatInstant,
  formatRate,
  formatRatio,
  formatRelative,
  formatTerm,
  formatTimes,
  humanize,
} from './format.js';

describe('numbers', () => {
  it('are whole until they are too long to read', () => {
    expect(formatCount(1_234)).toBe('1,234');
    expect(formatCount(123_456)).toBe('123K');
    expect(formatCount(1_234_567)).toBe('1.23M');
  });

  it('never round a rare failure away', () => {
    expect(formatRatio(1)).toBe('100%');
    expect(formatRatio(0.9996)).toBe('>99.9%');
    expect(formatRatio(0.999)).toBe('99.9%');
    expect(formatRatio(870 / 881)).toBe('98.8%');
    expect(formatRatio(0.42)).toBe('42%');
    expect(formatRatio(0.015)).toBe('1.5%');
    expect(formatRatio(0.0004)).toBe('<0.1%');
    expect(formatRatio(0)).toBe('0%');
    expect(formatRatio(null)).toBe('–');
  });

  it('are rates in a unit in which they are more than nothing', () => {
    expect(formatRate(0)).toBe('0/s');
    expect(formatRate(12)).toBe('12/s');
    expect(formatRate(1.25)).toBe('1.3/s');
    expect(formatRate(0.5)).toBe('30/min');
    expect(formatRate(0.001)).toBe('3.6/h');
  });
});

describe('sizes and factors', () => {
  it('have the unit in which they are short', () => {
    expect(formatBytes(512)).toBe('512 bytes');
    expect(formatBytes(212.4 * 1_024 ** 2)).toBe('212 MiB');
    expect(formatBytes(1.5 * 1_024 ** 3)).toBe('1.5 GiB');
    expect(formatBytes(256 * 1_024 ** 2)).toBe('256 MiB');
    expect(formatBytes(undefined)).toBe('–');
  });

  it('are short by the same number of digits, whatever their size', () => {
    expect(formatFigure(54_960)).toBe('55.0K');
    expect(formatFigure(8_496)).toBe('8.50K');
    expect(formatFigure(1_000)).toBe('1.00K');
    expect(formatFigure(123_456)).toBe('123K');
    expect(formatFigure(1_234_567)).toBe('1.23M');
    expect(formatFigure(-8_496)).toBe('-8.50K');
  });

  it('go over to thousands where they are rounded to one', () => {
    expect(formatFigure(999.4)).toBe('999');
    expect(formatFigure(999.5)).toBe('1.00K');
    expect(formatFigure(999_499)).toBe('999K');
    expect(formatFigure(999_500)).toBe('1.00M');
  });

  it('below a thousand have no digit that says nothing', () => {
    expect(formatFigure(0)).toBe('0');
    expect(formatFigure(3)).toBe('3');
    expect(formatFigure(12.5)).toBe('12.5');
    expect(formatFigure(224.93)).toBe('225');
    expect(formatFigure(0.123_456)).toBe('0.123');
  });

  it('are factors of two digits', () => {
    expect(formatTimes(2.44)).toBe('2.4×');
    expect(formatTimes(12.4)).toBe('12×');
  });
});

describe('times', () => {
  it('that somebody chose are told as they were', () => {
    expect(formatTerm(30 * 86_400_000)).toBe('30 days');
    expect(formatTerm(3_600_000)).toBe('1 hour');
    expect(formatTerm(90 * 60_000)).toBe('90 minutes');
    expect(formatTerm(1_500)).toBe('1.5 s');
  });

  it('of a line of a log tell its milliseconds', () => {
    expect(formatInstant(new Date(2026, 0, 2, 14, 3, 21, 45).getTime())).toBe('14:03:21.045');
  });

  it('have two units at most', () => {
    expect(formatDuration(0)).toBe('0 ms');
    expect(formatDuration(3.25)).toBe('3.3 ms');
    expect(formatDuration(3_400)).toBe('3.4 s');
    expect(formatDuration(59_999)).toBe('59 s');
    expect(formatDuration(125_000)).toBe('2m 05s');
    expect(formatDuration(30 * 60_000)).toBe('30m');
    expect(formatDuration(86_400_000)).toBe('1d');
    expect(formatDuration(3 * 3_600_000 + 12 * 60_000)).toBe('3h 12m');
    expect(formatDuration(4 * 86_400_000 + 2 * 3_600_000)).toBe('4d 02h');
    expect(formatDuration(undefined)).toBe('–');
  });

  it('lie before and after now', () => {
    expect(formatRelative(10_000, 12_000)).toBe('just now');
    expect(formatRelative(0, 30_000)).toBe('30 s ago');
    expect(formatRelative(7_200_000, 0)).toBe('in 2 h');
    expect(formatRelative(0, 3 * 86_400_000)).toBe('3 d ago');
  });
});

it('words of the protocol become words of people', () => {
  expect(humanize('timed_out')).toBe('Timed out');
});
