import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firingsOf } from './cron.js';
import { decideFirings, type FiringRule, type Firings } from './firings.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.UTC(2026, 2, 28, 12);
const hourly = { cron: '0 * * * *', timeZone: 'Europe/Berlin' };
const catchUp = (maxCatchUp: number, cron = hourly.cron): FiringRule => ({
  cron,
  timeZone: 'Europe/Berlin',
  missedRuns: 'catch_up',
  maxCatchUp,
});

describe('a schedule that skips missed runs', () => {
  it('fires what became due just now, and says when it is due again', () => {
    expect(decideFirings(hourly, START, START + HOUR - 1)).toMatchObject({ fire: [], missed: 0, nextFireAt: START + HOUR });
    expect(decideFirings(hourly, START, START + HOUR)).toEqual({
      fire: [START + HOUR],
      missed: 0,
      decidedUntil: START + HOUR,
      nextFireAt: START + 2 * HOUR,
      looks: expect.any(Number),
    });
  });

  it('fires one that is late by the grace, and drops it a moment later', () => {
    expect(decideFirings(hourly, START, START + HOUR + MINUTE)).toMatchObject({ fire: [START + HOUR], missed: 0 });
    expect(decideFirings(hourly, START, START + HOUR + MINUTE + 1)).toMatchObject({ fire: [], missed: 1 });
    expect(decideFirings({ ...hourly, graceMs: 5 * MINUTE }, START, START + HOUR + 5 * MINUTE).fire).toEqual([START + HOUR]);
  });

  it('drops what an outage covered, fires the last when it is still in time, and counts each dropped one once', () => {
    const now = START + 5 * HOUR + SECOND;
    const after = decideFirings(hourly, START, now);
    expect(after).toMatchObject({ fire: [START + 5 * HOUR], missed: 4, decidedUntil: now, nextFireAt: START + 6 * HOUR });
    expect(decideFirings(hourly, after.decidedUntil, now + HOUR).missed).toBe(0);
  });

  it('comes back with one firing, not with a burst, when it fires every second', () => {
    const everySecond = { cron: '* * * * * *', timeZone: 'UTC' };
    expect(decideFirings(everySecond, START, START + 40 * SECOND)).toMatchObject({ fire: [START + 40 * SECOND], missed: 39 });
    expect(decideFirings(everySecond, START, START + 24 * HOUR)).toMatchObject({ fire: [START + 24 * HOUR], missed: 1_000 });
  });
});

describe('the last fire time within a grace', () => {
  const DAY = 24 * HOUR;
  const CRONS = ['* * * * * *', '*/7 * * * *', '30 2 * * *', '0 9 * * MON', '0 0 L * *', '15 3 29 2 *'];

  it('is the one that looking at each would find, wherever the clocks change', () => {
    const rules = fc.record({
      cron: fc.constantFrom('*/7 * * * *', '0 */5 * * *', '30 2 * * *', '0 9 * * MON', '0 0 L * *'),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe'),
    });
    fc.assert(
      fc.property(rules, fc.nat(20 * DAY), fc.nat(20 * DAY), fc.nat(10 * DAY), (rule, from, length, graceMs) => {
        const [until, now] = [START + from, START + from + length];
        const next = firingsOf(rule);
        let each = next(Math.max(until, now - graceMs - 1));
        let last: number | undefined;
        for (; each !== null && each <= now; each = next(each)) last = each;
        expect(decideFirings({ ...rule, graceMs }, until, now).fire).toEqual(last === undefined ? [] : [last]);
      }),
      { numRuns: 100 },
    );
  });

  it.each(CRONS)('of a year is found with few looks: %s', (cron) => {
    const { looks, missed } = decideFirings({ cron, timeZone: 'Europe/Berlin', graceMs: 366 * DAY }, START - 365 * DAY, START);
    expect(looks - missed).toBeLessThan(120);
  });
});

describe('a schedule that catches up', () => {
  it('fires every missed run, oldest first, and is due again at once while there are more', () => {
    const now = START + 5 * HOUR + SECOND;
    const first = decideFirings(catchUp(3), START, now);
    expect(first).toMatchObject({
      fire: [START + HOUR, START + 2 * HOUR, START + 3 * HOUR],
      missed: 0,
      decidedUntil: START + 3 * HOUR,
      nextFireAt: START + 4 * HOUR,
    });
    const second = decideFirings(catchUp(3), first.decidedUntil, now);
    expect(second.fire).toEqual([START + 4 * HOUR, START + 5 * HOUR]);
    expect(second.nextFireAt).toBe(START + 6 * HOUR);
  });

  it('fires a hundred at most when nothing else is said', () => {
    const { maxCatchUp: _, ...rule } = catchUp(0, '* * * * *');
    expect(decideFirings(rule, START, START + 24 * HOUR).fire).toHaveLength(100);
  });

  it('fires once for each local hour that was, over a night with 23 hours', () => {
    const midnight = Date.UTC(2026, 2, 28, 23);
    expect(decideFirings(catchUp(100), midnight - 1, midnight + 23 * HOUR - 1).fire).toHaveLength(23);
  });
});

it('fires nothing again after the clock was set back', () => {
  for (const rule of [hourly, catchUp(10)]) {
    const { decidedUntil } = decideFirings(rule, START, START + 2 * HOUR);
    expect(decideFirings(rule, decidedUntil, START + HOUR)).toMatchObject({
      fire: [],
      missed: 0,
      decidedUntil,
      nextFireAt: START + 3 * HOUR,
    });
  }
});

const crons = fc.constantFrom('* * * * *', '*/7 * * * *', '0 * * * *', '30 2 * * *', '0,30 1-3 * * *', '*/20 * * * * *');
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York');
/** Looks at the clock: mostly a little later, sometimes hours later, sometimes earlier. */
const looks = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 2 * MINUTE }) },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 * HOUR }) },
    fc.integer({ min: -2 * HOUR, max: 0 }),
  ),
  { minLength: 1, maxLength: 25 },
);
const starts = fc.constantFrom(Date.UTC(2026, 2, 28, 22), Date.UTC(2026, 9, 24, 21), Date.UTC(2026, 10, 1, 3), START);

/** All decisions over a series of looks, each going on from the one before, and the latest look. */
function decideAll(rule: FiringRule, start: number, steps: readonly number[]) {
  const decisions: { now: number; decision: Firings }[] = [];
  let [now, until, latest] = [start, start, start];
  for (const step of steps) {
    now += step;
    latest = Math.max(latest, now);
    const decision = decideFirings(rule, until, now);
    until = decision.decidedUntil;
    decisions.push({ now, decision });
  }
  return { decisions, latest, fired: decisions.flatMap(({ decision }) => decision.fire) };
}

function everyFiring(rule: FiringRule, after: number, until: number): number[] {
  const next = firingsOf(rule);
  const times: number[] = [];
  for (let at = next(after); at !== null && at <= until; at = next(at)) times.push(at);
  return times;
}

it('catches up on every fire time exactly once and in order, whenever it is asked', () => {
  fc.assert(
    fc.property(crons, zones, starts, looks, fc.integer({ min: 1, max: 40 }), (cron, timeZone, start, steps, maxCatchUp) => {
      const rule: FiringRule = { cron, timeZone, missedRuns: 'catch_up', maxCatchUp };
      const { latest, fired, decisions } = decideAll(rule, start, steps);
      for (let last = decisions.at(-1)?.decision; last?.nextFireAt && last.nextFireAt <= latest; ) {
        last = decideFirings(rule, last.decidedUntil, latest);
        expect(last.fire.length).toBeGreaterThan(0);
        expect(last.fire.length).toBeLessThanOrEqual(maxCatchUp);
        fired.push(...last.fire);
      }
      expect(fired).toEqual(everyFiring(rule, start, latest));
    }),
    { numRuns: 50 },
  );
});

it('fires, when it skips, no time twice, none too late, and says of every other that it was missed', () => {
  fc.assert(
    fc.property(crons, zones, starts, looks, fc.integer({ min: 0, max: 5 * MINUTE }), (cron, timeZone, start, steps, graceMs) => {
      const rule: FiringRule = { cron, timeZone, graceMs };
      const { decisions, latest, fired } = decideAll(rule, start, steps);
      const all = everyFiring(rule, start, latest);
      expect([...new Set(fired)].sort((a, b) => a - b)).toEqual(fired);
      expect(all).toEqual(expect.arrayContaining(fired));
      for (const { now, decision } of decisions) {
        expect(decision.fire.length).toBeLessThanOrEqual(1);
        for (const at of decision.fire) expect(now - at).toBeLessThanOrEqual(graceMs);
        expect(decision.missed).toBeLessThan(1_000);
      }
      const missed = decisions.reduce((sum, { decision }) => sum + decision.missed, 0);
      expect(fired.length + missed).toBe(all.length);
    }),
    { numRuns: 50 },
  );
});
