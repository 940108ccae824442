import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../errors.js';
import { firingsOf, nextFiring, parseCron } from './cron.js';

const ms = (time: string) => Date.parse(time);
const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString().replace('.000', ''));

/** The first `count` fire times after `from`. */
function walk(cron: string, timeZone: string, from: string, count: number) {
  const next = firingsOf({ cron, timeZone });
  const times: (string | null)[] = [];
  for (let at = next(ms(from)); times.length < count && at !== null; at = next(at)) times.push(iso(at));
  return times;
}

function refusal(cron: string, timeZone = 'UTC') {
  try {
    parseCron(cron, timeZone);
  } catch (error) {
    if (error instanceof DomainError) return { code: error.code, errors: error.errors };
    throw error;
  }
  return undefined;
}

describe('a cron expression', () => {
  it('has five fields, or six with the second first, or a name', () => {
    expect(parseCron('  */5   9-17 * *\tMON-FRI ', 'Europe/Berlin')).toEqual({
      cron: '*/5 9-17 * * MON-FRI',
      timeZone: 'Europe/Berlin',
    });
    expect(walk('*/15 * * * * *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2026-01-01T00:00:15Z', '2026-01-01T00:00:30Z']);
    expect(walk(parseCron('@daily', 'UTC').cron, 'UTC', '2026-01-01T12:00:00Z', 1)).toEqual(['2026-01-02T00:00:00Z']);
  });

  it.each([
    ['', 'has 0.'],
    ['* * * *', '"* * * *" has 4.'],
    ['* * * * * * 2030', 'has 7.'],
    ['2030-01-23T00:00:00', 'has 1.'],
    ['61 * * * *', 'minutes go from 0 to 59'],
    ['0 24 * * *', 'hours go from 0 to 23'],
    ['0 0 0 * *', 'days of the month go from 1 to 31'],
    ['0 0 32W * *', 'days of the month go from 1 to 31'],
    ['0 0 * 13 *', 'months go from 1 to 12 or JAN to DEC'],
    ['0 0 * * 8', 'days of the week go from 0'],
    ['@every 5m', 'There is no "@every 5m"; write @yearly'],
    ['*/0 * * * *', 'is not a cron expression: illegal stepping: 0.'],
    ['17-9 * * * *', 'From value is larger than to value'],
    ['0 0 * * MONDAY', 'a month or day name has to stand alone'],
    ['Wed, 01 Jan 2030 00:00:00 GMT', 'is not a cron expression'],
    ['@reboot', 'There is no "@reboot"'],
  ])('%j is refused in words', (cron, words) => {
    expect(refusal(cron)).toEqual({
      code: 'invalid_request',
      errors: [{ path: 'cron', message: expect.stringContaining(words) }],
    });
  });

  it('that never fires is refused', () => {
    for (const cron of ['0 0 31 2 *', '0 0 30 2 *', '* * 31 4,6,9,11 *', '0 0 29 2 +MON#1']) {
      expect(refusal(cron)?.errors, cron).toEqual([{ path: 'cron', message: expect.stringContaining('never fires') }]);
    }
    expect(refusal('0 0 29 2 *')).toBeUndefined();
    expect(refusal('0 0 29 2 +MON')).toBeUndefined();
  });

  it('that only names moments which the clocks skip is refused, and soon: croner alone searches for minutes', () => {
    expect(refusal('* * 2 8-14 3 +SUN', 'America/New_York')?.errors?.[0]?.message).toContain('never fires');
  });
});

describe('a time zone', () => {
  it.each(['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'America/Argentina/Ushuaia', 'Etc/GMT+2'])('%s is known', (timeZone) => {
    expect(refusal('0 0 * * *', timeZone)).toBeUndefined();
  });

  it.each([
    ['Europe/Berlni', 'There is no time zone "Europe/Berlni"; did you mean Europe/Berlin?'],
    ['Middle-earth/Shire', 'There is no time zone "Middle-earth/Shire"; use an IANA name'],
    ['+02:00', 'There is no time zone "+02:00"'],
    ['', 'There is no time zone ""'],
  ])('%j is refused by name', (timeZone, words) => {
    expect(refusal('0 0 * * *', timeZone)).toEqual({
      code: 'invalid_request',
      errors: [{ path: 'timeZone', message: expect.stringContaining(words) }],
    });
  });

  it('is refused together with the expression', () => {
    expect(refusal('nonsense', 'Nowhere')?.errors?.map(({ path }) => path)).toEqual(['cron', 'timeZone']);
  });
});

describe.each([
  { zone: 'Europe/Berlin', before: '2026-03-29T00:59:59Z', gap: '2026-03-29T01:00:00Z', summer: 2 },
  { zone: 'America/New_York', before: '2026-03-08T06:59:59Z', gap: '2026-03-08T07:00:00Z', summer: -4 },
])('when the clocks of $zone skip the hour from 2 to 3', ({ zone, before, gap, summer }) => {
  const day = gap.slice(0, 10);
  const local = (time: string) => iso(ms(`${time}Z`) - summer * 3_600_000);

  it('a named time in it fires at 3', () => {
    expect(walk('30 2 * * *', zone, before, 1)).toEqual([gap]);
    expect(walk('30 2,14 * * *', zone, before, 2)).toEqual([gap, local(`${day}T14:30:00`)]);
  });

  it('several named times in it fire once, also together with a named 3', () => {
    expect(walk('0,30 2 * * *', zone, before, 2)[0]).toBe(gap);
    expect(walk('0 0-4 * * *', zone, before, 2)).toEqual([gap, local(`${day}T04:00:00`)]);
    expect(walk('0,30 2 * * *', zone, gap, 1)[0]?.slice(0, 10)).not.toBe(day);
  });

  it('an expression that follows the clocks leaves it out', () => {
    expect(walk('*/30 * * * *', zone, before, 2)).toEqual([gap, local(`${day}T03:30:00`)]);
    expect(walk('*/30 2 * * *', zone, before, 1)[0]?.slice(0, 10)).not.toBe(day);
    expect(walk('* * * * * *', zone, before, 2)).toEqual([gap, local(`${day}T03:00:01`)]);
  });
});

describe.each([
  { zone: 'Europe/Berlin', first: '2026-10-25T00:00:00Z', hour: '2' },
  { zone: 'America/New_York', first: '2026-11-01T05:00:00Z', hour: '1' },
])('when the clocks of $zone repeat the hour from $hour', ({ zone, first, hour }) => {
  const after = (hours: number) => iso(ms(first) + hours * 3_600_000);
  const before = after(-0.001) as string;

  it('a named time in it fires at its first pass only', () => {
    expect(walk(`30 ${hour} * * *`, zone, before, 2)).toEqual([after(0.5), after(25.5)]);
    expect(walk(`0,30 ${hour},5 * * *`, zone, before, 3).slice(0, 2)).toEqual([after(0), after(0.5)]);
    expect(nextFiring({ cron: `30 ${hour} * * *`, timeZone: zone }, ms(first) + 3_600_000)).toBe(ms(first) + 25.5 * 3_600_000);
  });

  it('an expression that follows the clocks fires in both passes', () => {
    expect(walk('*/30 * * * *', zone, before, 5)).toEqual([after(0), after(0.5), after(1), after(1.5), after(2)]);
    expect(walk(`*/30 ${hour} * * *`, zone, before, 5)).toEqual([after(0), after(0.5), after(1), after(1.5), after(25)]);
  });
});

// Seen to fail with croner's own search, which then left the day out.
describe.each(['America/Nuuk', 'America/Scoresbysund'])('when the clocks of %s skip the hour before midnight', (zone) => {
  const gap = '2026-03-29T01:00:00Z';

  it.each(['0 23 * * *', '30 23 * * *', '59 23 * * *', '0,30 23 * * *', '59 23 28 3 *'])('%s fires at midnight, once', (cron) => {
    expect(walk(cron, zone, '2026-03-28T12:00:00Z', 1)).toEqual([gap]);
    expect(walk(cron, zone, gap, 1)[0]?.slice(0, 10)).not.toBe('2026-03-29');
  });

  it('a named midnight fires with it', () => {
    expect(walk('0 0,23 * * *', zone, '2026-03-28T12:00:00Z', 2)).toEqual([gap, '2026-03-30T00:00:00Z']);
  });
});

it('a day that a country skips fires at the next', () => {
  expect(walk('0 12 * * *', 'Pacific/Apia', '2011-12-29T23:00:00Z', 2)).toEqual(['2011-12-30T10:00:00Z', '2011-12-30T22:00:00Z']);
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Africa/Casablanca',
];
const CHANGES = [
  '2026-03-29T01:00Z',
  '2026-10-25T01:00Z',
  '2026-03-08T07:00Z',
  '2026-11-01T06:00Z',
  '2026-10-03T15:30Z',
  '2026-04-23T22:00Z',
];

const list = (min: number, max: number) =>
  fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 })
    .map((values) => values.sort((a, b) => a - b).join(','));
const range = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
const step = (max: number) => fc.integer({ min: 2, max }).map((every) => `*/${every}`);
const field = (min: number, max: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, list(min, max), range(min, max), step(max));

/** Hours near changes are drawn more often than others; seconds are few, because croner needs a quarter of a second for all of a gap. */
const expressions = fc
  .tuple(
    fc.option(list(0, 59)),
    field(0, 59),
    fc.oneof(field(0, 23), list(0, 3)),
    fc.oneof(fc.constant('*'), list(1, 28)),
    field(1, 12),
    field(0, 6),
  )
  .map((fields) => fields.filter((part) => part !== null).join(' '));
const starts = fc.oneof(
  fc.integer({ min: ms('2020-01-01'), max: ms('2036-01-01') }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -7_200_000, max: 7_200_000 }))
    .map(([change, away]) => ms(change) + away),
);

it('walks as croner enumerates, and strictly onwards', () => {
  fc.assert(
    fc.property(expressions, fc.constantFrom(...ZONES), starts, (cron, timeZone, start) => {
      const reference = new Cron(cron, { timezone: timeZone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
      const expected = reference.nextRuns(6, new Date(start)).map((date) => date.getTime());
      const next = firingsOf(parseCron(cron, timeZone));
      let last = start;
      for (const time of expected) {
        const at = next(last);
        expect(iso(at)).toBe(iso(time));
        expect(at).toBeGreaterThan(last);
        last = time;
      }
    }),
    { numRuns: 250 },
  );
});

it('does not depend on where the walk begins', () => {
  fc.assert(
    fc.property(
      expressions,
      fc.constantFrom(...ZONES),
      starts,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (cron, timeZone, start, part) => {
        const next = firingsOf(parseCron(cron, timeZone));
        const first = next(start) as number;
        const between = start + Math.floor((first - 1 - start) * part);
        expect(iso(next(between))).toBe(iso(first));
      },
    ),
  );
});
