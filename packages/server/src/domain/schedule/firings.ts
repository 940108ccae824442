import type { Ms } from '../../store/rows.js';
import { type CronSchedule, firingsOf, type NextFiring } from './cron.js';

export interface FiringRule extends CronSchedule {
  /**
   * What happens to fire times that passed while no server looked: `skip` drops them, `catch_up` fires every one, oldest first.
   * Default `skip`.
   */
  missedRuns?: 'skip' | 'catch_up';
  /** With `catch_up`, the most that one decision fires, 1 or more; the rest is due at once in the next. Default 100. */
  maxCatchUp?: number;
  /** With `skip`, milliseconds that a firing may be late and still happen. Default 60,000: a restart or a change of leader costs none. */
  graceMs?: number;
}

export interface Firings {
  /** Fire times to create a pipeline for, oldest first. */
  fire: Ms[];
  /** When to decide again: in the past when more is to catch up, null when the schedule has ended. */
  nextFireAt: Ms | null;
  /** Fire times that were dropped; 1,000 stands for that many or more. */
  missed: number;
  /** Every fire time up to this one is fired or dropped: pass it to the next decision. */
  decidedUntil: Ms;
}

const DEFAULT_RULE = { missedRuns: 'skip', maxCatchUp: 100, graceMs: 60_000 } as const satisfies Partial<FiringRule>;
const MAX_COUNTED = 1_000; // about 50 ms of work

/**
 * Which fire times after `decidedUntil` are to be created at `now`. `decidedUntil` is what the decision before gave; for a schedule
 * that is new, edited or resumed, the time of that. A `now` before it (the clock was set back) fires nothing again.
 */
export function decideFirings(rule: FiringRule, decidedUntil: Ms, now: Ms): Firings {
  const { missedRuns, maxCatchUp, graceMs } = { ...DEFAULT_RULE, ...rule };
  const next = firingsOf(rule);
  return missedRuns === 'skip' ? onlyTheLast(next, decidedUntil, now, graceMs) : oneByOne(next, decidedUntil, now, maxCatchUp);
}

function oneByOne(next: NextFiring, decidedUntil: Ms, now: Ms, limit: number): Firings {
  const fire = dueBetween(next, decidedUntil, now, limit);
  const last = fire.at(-1) ?? decidedUntil;
  return { fire, missed: 0, decidedUntil: last, nextFireAt: next(last) };
}

/** One at most, so that a schedule that fires every second does not come back from an outage as a burst. */
function onlyTheLast(next: NextFiring, decidedUntil: Ms, now: Ms, graceMs: number): Firings {
  const inGrace = Math.max(decidedUntil, now - graceMs - 1); // excluded, so that one exactly as late as the grace still fires
  const fire = dueBetween(next, inGrace, now).slice(-1);
  const dropped = dueBetween(next, decidedUntil, fire[0] === undefined ? now : fire[0] - 1, MAX_COUNTED);
  const until = Math.max(decidedUntil, now);
  return { fire, missed: dropped.length, decidedUntil: until, nextFireAt: next(until) };
}

/** The fire times in (`after`, `until`], the first `limit` of them. */
function dueBetween(next: NextFiring, after: Ms, until: Ms, limit = Number.POSITIVE_INFINITY): Ms[] {
  const due: Ms[] = [];
  while (due.length < limit) {
    const at = next(due.at(-1) ?? after);
    if (at === null || at > until) break;
    due.push(at);
  }
  return due;
}
