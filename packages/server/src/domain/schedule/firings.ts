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
  /** Fire times that were looked for; each costs some 50 µs. */
  looks: number;
}

const DEFAULT_RULE = { missedRuns: 'skip', maxCatchUp: 100, graceMs: 60_000 } as const satisfies Partial<FiringRule>;
const MAX_COUNTED = 1_000; // some 50 ms of work
const FIRST_LOOK_BACK_MS = 60_000;

/**
 * Which fire times after `decidedUntil` are to be created at `now`. `decidedUntil` is what the decision before gave; for a schedule
 * that is new, edited or resumed, the time of that. A `now` before it (the clock was set back) fires nothing again.
 */
export function decideFirings(rule: FiringRule, decidedUntil: Ms, now: Ms): Firings {
  const { missedRuns, maxCatchUp, graceMs } = { ...DEFAULT_RULE, ...rule };
  const firings = firingsOf(rule);
  let looks = 0;
  const next: NextFiring = (after) => {
    looks += 1;
    return firings(after);
  };
  const decided =
    missedRuns === 'skip' ? onlyTheLast(next, decidedUntil, now, graceMs) : oneByOne(next, decidedUntil, now, maxCatchUp);
  return { ...decided, looks };
}

type Decided = Omit<Firings, 'looks'>;

function oneByOne(next: NextFiring, decidedUntil: Ms, now: Ms, limit: number): Decided {
  const fire = dueBetween(next, decidedUntil, now, limit);
  const last = fire.at(-1) ?? decidedUntil;
  return { fire, missed: 0, decidedUntil: last, nextFireAt: next(last) };
}

/** One at most, so that a schedule that fires every second does not come back from an outage as a burst. */
function onlyTheLast(next: NextFiring, decidedUntil: Ms, now: Ms, graceMs: number): Decided {
  const inGrace = Math.max(decidedUntil, now - graceMs - 1); // excluded, so that one exactly as late as the grace still fires
  const last = lastBetween(next, inGrace, now);
  const dropped = dueBetween(next, decidedUntil, last === undefined ? now : last - 1, MAX_COUNTED);
  const until = Math.max(decidedUntil, now);
  return { fire: last === undefined ? [] : [last], missed: dropped.length, decidedUntil: until, nextFireAt: next(until) };
}

/**
 * The last fire time in (`after`, `until`]: looked for from the end, further and further back, and then between what was found and the
 * end. A grace of a year costs some dozens of looks, where one after the other would be millions.
 */
function lastBetween(next: NextFiring, after: Ms, until: Ms): Ms | undefined {
  const firstBehind = (from: Ms): Ms | undefined => {
    const at = next(from);
    return at === null || at > until ? undefined : at;
  };
  let last: Ms | undefined;
  for (let back = FIRST_LOOK_BACK_MS; last === undefined; back *= 4) {
    const from = Math.max(until - back, after);
    if (from > until) return undefined; // the clock was set back
    last = firstBehind(from);
    if (from === after) break;
  }
  if (last === undefined) return undefined;
  for (let [low, high] = [last, until]; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    const found = firstBehind(middle);
    if (found === undefined) high = middle;
    else low = last = found;
    if (found !== undefined && firstBehind(found) === undefined) break;
  }
  return last;
}

/** The fire times in (`after`, `until`], the first `limit` of them. */
function dueBetween(next: NextFiring, after: Ms, until: Ms, limit: number): Ms[] {
  const due: Ms[] = [];
  while (due.length < limit) {
    const at = next(due.at(-1) ?? after);
    if (at === null || at > until) break;
    due.push(at);
  }
  return due;
}
