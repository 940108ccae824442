import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertConditionRow } from '../../store/store.js';
import { changesNothing, changesOf, judge, type Observation, thresholdsOf } from './detect.js';
import type { AlertRecord } from './record.js';
import { type Rule, withRuleDefaults } from './rule.js';

const figures = fc.array(
  fc.record({ value: fc.option(fc.double({ min: -10, max: 10, noNaN: true }), { nil: undefined }), ms: fc.nat(10) }),
);

describe('a condition', () => {
  it('fires and ends by turns, and never between its two thresholds', () => {
    fc.assert(
      fc.property(figures, fc.nat(20), (steps, forMs) => {
        const thresholds = thresholdsOf({ threshold: 5, clearThreshold: 3, forMs }, 0);
        let state: Parameters<typeof judge>[0] = { firing: 0, crossed_at: null };
        let now = 0;
        for (const { value, ms } of steps) {
          now += ms;
          const before = state;
          const { change, ...after } = judge(state, value, thresholds, now);
          if (change === 'fires') expect([before.firing, (value ?? 0) >= 5]).toEqual([0, true]);
          if (change === 'ends') expect([before.firing, value === undefined || value < 3]).toEqual([1, true]);
          if (!change) expect(after.firing).toBe(before.firing);
          state = after;
        }
      }),
    );
  });

  it('has a margin of a tenth when it names none, on the side of the threshold where all is well', () => {
    expect(thresholdsOf({ threshold: 100 }, 0).clearThreshold).toBe(90);
    expect(thresholdsOf({ threshold: 0.5, direction: 'below' }, 0).clearThreshold).toBe(0.55);
  });

  it('waits for its time on both sides, and begins anew when it is broken', () => {
    const thresholds = thresholdsOf({ threshold: 5, forMs: 10 }, 0);
    const waiting = judge({ firing: 0, crossed_at: null }, 6, thresholds, 100);
    expect(waiting).toEqual({ firing: 0, crossed_at: 100 });
    expect(judge(waiting, 4, thresholds, 105)).toEqual({ firing: 0, crossed_at: null });
    expect(judge(waiting, 6, thresholds, 110)).toEqual({ firing: 1, crossed_at: null, change: 'fires' });
  });
});

const knownOrNot = fc.array(fc.record({ isKnown: fc.boolean(), value: fc.nat(10), ms: fc.integer({ min: 1, max: 10 }) }));

describe('a figure of samples', () => {
  const rule = (resolveAfterMs: number): Rule => ({
    ...withRuleDefaults({
      name: 'r',
      events: ['threshold_crossed'],
      channels: [],
      condition: { metric: 'failure_rate' },
      resolveAfterMs,
    }),
    id: 1,
    applicationId: 1,
    version: 1,
  });
  const record: AlertRecord = { event: 'threshold_crossed', at: 1, applicationId: 1, application: 'a', subject: 'failure_rate' };

  /** Looks in a row; undefined: nothing is known. What each changed. */
  function looks(steps: readonly { value: number | undefined; at: number }[], resolveAfterMs = 1_000, forMs = 0): string[] {
    let rows: AlertConditionRow[] = [];
    const thresholds = thresholdsOf({ threshold: 5, clearThreshold: 3, forMs }, 0);
    return steps.map(({ value, at }) => {
      const observations = value === undefined ? [] : [{ value, record }];
      const { saved, forgotten, fired, ended } = changesOf(
        rule(resolveAfterMs),
        thresholds,
        { observations, isPartial: false },
        rows,
        at,
      );
      if (saved.length + forgotten.length > 0) rows = saved;
      return fired.length > 0 ? 'fires' : ended.length > 0 ? 'ends' : '-';
    });
  }

  // Seen to fail: workers that were all dead had nothing that failed, and people were told that all was well.
  it('that is not known neither begins nor ends', () => {
    fc.assert(
      fc.property(knownOrNot, fc.nat(20), (steps, forMs) => {
        let at = 0;
        const taken = steps.map(({ isKnown, value, ms }) => {
          at += ms;
          return { value: isKnown ? value : undefined, at };
        });
        const said = looks(taken, 0, forMs);
        for (const [index, what] of said.entries()) {
          const value = taken[index]?.value;
          if (what === 'fires') expect(value).toBeGreaterThanOrEqual(5);
          if (what === 'ends') expect(value).toBeLessThan(3);
        }
      }),
    );
  });

  it('that has not been known for resolveAfterMs is over, counted from when it was last known', () => {
    const steps = [
      { value: 9, at: 0 },
      { value: undefined, at: 100 },
      { value: 9, at: 1_050 },
      { value: undefined, at: 1_060 },
      { value: undefined, at: 2_059 },
      { value: undefined, at: 2_060 },
    ];
    expect(looks(steps)).toEqual(['fires', '-', '-', '-', '-', 'ends']);
    expect(looks(steps, 0).at(-1)).toBe('-');
  });

  it('must be known to be over for all of forMs', () => {
    const steps = [9, 9, undefined, 1, 1, 1].map((value, index) => ({ value, at: index * 60 }));
    expect(looks(steps, 0, 60)).toEqual(['-', 'fires', '-', '-', 'ends', '-']);
  });
});

describe('a look at a rule', () => {
  const rule: Rule = {
    ...withRuleDefaults({ name: 'r', events: ['queue_backlog_high'], channels: [], groupBy: ['handler'] }),
    id: 1,
    applicationId: 1,
    version: 1,
  };
  const thresholds = thresholdsOf({ threshold: 5 }, 0);
  const of = (handler: string, value: number, more: Partial<Observation> = {}): Observation => ({
    value,
    record: { event: 'queue_backlog_high', at: 1, applicationId: 1, application: 'a', handler },
    ...more,
  });
  const look = (observations: Observation[], conditions = firing([]), isPartial = false) =>
    changesOf(rule, thresholds, { observations, isPartial }, conditions, 100);
  const firing = (handlers: string[]) =>
    handlers.map((handler) => ({
      rule_id: 1,
      key: JSON.stringify(['queue_backlog_high', handler]),
      firing: 1 as const,
      crossed_at: null,
      seen_at: 1,
      fire_again_at: null,
      gathered: 0 as const,
    }));

  it('writes nothing when all is as it was, good or bad', () => {
    expect(changesNothing(look([of('a', 9), of('b', 1)], firing(['a'])))).toBe(true);
    expect(changesNothing(look([of('a', 9)]))).toBe(false);
    expect(changesNothing(look([], firing(['a'])))).toBe(false);
  });

  it('ends nothing that it did not see when there was more than it could take in', () => {
    expect(look([], firing(['a'])).ended).toHaveLength(1);
    expect(changesNothing(look([], firing(['a']), true))).toBe(true);
  });

  it('begins nothing that is old, and lets it go on', () => {
    const old = of('a', 9, { isOld: true });
    expect(changesNothing(look([old]))).toBe(true);
    expect(changesNothing(look([old], firing(['a'])))).toBe(true);
    expect(look([old, of('a', 7)]).fired).toMatchObject([{ handler: 'a' }]);
  });
});
