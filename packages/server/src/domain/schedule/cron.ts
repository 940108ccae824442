import type { FieldError } from '@pipelogiq/protocol';
import { Cron, CronPattern } from 'croner';
import { didYouMean } from '../../did-you-mean.js';
import type { Ms } from '../../store/rows.js';
import { DomainError } from '../errors.js';
import { type Offset, zoneOffset } from './zone.js';

/**
 * When a schedule fires: a cron expression on the clocks of a time zone. Where the clocks change:
 * - An expression that names its times (`30 2 * * *`, `30 2,14 * * *`, `0 0-5 * * *`) fires once for each time and day: a time that
 *   occurs twice at the first, a time that is skipped at the first moment after the gap. Times of one gap fire together, once.
 * - An expression with `*`, `?` or a step among seconds, minutes or hours (`0 * * * *`) follows the clocks: it fires in both passes
 *   of a repeated hour and not in a skipped one, and so keeps its pace.
 */
export interface CronSchedule {
  /** `minute hour day-of-month month day-of-week`, or six fields with the second first; `L`, `W`, `#`, `+` and `@daily` as croner has them. */
  cron: string;
  /** IANA name, as `Europe/Berlin`. */
  timeZone: string;
}

/** Fire times in order, from any point on. */
export type NextFiring = (after: Ms) => Ms | null;

/** `no-wildcard`, as Vixie cron nearly has it: with croner's default `30 2,14 * * *` would be left out or doubled when clocks change. */
const OPTIONS = { mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' } as const;
/** 29 February on a given day of the week can be 40 years away. */
const HORIZON_MS = 60 * 366 * 86_400_000;
/** Any date serves to ask whether an expression ever fires: the calendar of weekdays and leap days comes round within the horizon. */
const SOME_DAY = Date.UTC(2030, 0, 1);

/**
 * The schedule, with single spaces between its fields.
 * @throws DomainError `invalid_request`, naming `cron` or `timeZone` or both, when the expression is malformed or never fires, or
 * when the zone is not known
 */
export function parseCron(expression: string, timeZone: string): CronSchedule {
  const schedule = { cron: expression.trim().replace(/\s+/g, ' '), timeZone };
  const errors: FieldError[] = [];
  const flaw = flawOf(schedule.cron);
  if (flaw !== undefined) errors.push({ path: 'cron', message: flaw });
  if (!isTimeZone(timeZone)) errors.push({ path: 'timeZone', message: unknownZone(timeZone) });
  if (errors.length === 0 && nextFiring(schedule, SOME_DAY) === null) {
    errors.push({ path: 'cron', message: `"${schedule.cron}" never fires: no day of the calendar has such a time.` });
  }
  const [first] = errors;
  if (first) throw new DomainError('invalid_request', first.message, { errors });
  return schedule;
}

/** The first fire time after `after`, or null when there is none any more. For several in a row see `firingsOf`. */
export const nextFiring = (schedule: CronSchedule, after: Ms): Ms | null => firingsOf(schedule)(after);

/** The fire times of a schedule that `parseCron` let pass. Reading the expression costs more than finding a time: keep the result. */
export function firingsOf({ cron, timeZone }: CronSchedule): NextFiring {
  const onUtc = new Cron(cron, { ...OPTIONS, utcOffset: 0 });
  const nextMatch: NextFiring = (time) => onUtc.nextRun(new Date(time))?.getTime() ?? null;
  const offset = zoneOffset(timeZone);
  const find = new CronPattern(cron, undefined, OPTIONS).isFixedTime ? nextByName : nextByClock;
  return (after) => find(nextMatch, offset, after);
}

/** A change of clocks is remembered for as long as it may have set them back, which is a day where a country crossed the date line. */
const LONGEST_REPETITION_MS = 26 * 3_600_000;

/** The latest that the clocks have shown up to a moment: what they show again was, where times are named, at its first pass. */
function latestShown(offset: Offset, moment: Ms): Ms {
  const shown = moment + offset.at(moment);
  const from = moment - LONGEST_REPETITION_MS;
  const before = offset.at(from);
  const change = offset.firstChange(from, moment, before);
  return change === undefined ? shown : Math.max(shown, change - 1 + before);
}

/**
 * The first instant at which the clocks show the next local time that matches, or, over a gap, a later one. Croner by itself loses
 * the day when a gap ends at midnight, as in Nuuk.
 */
function nextByName(nextMatch: NextFiring, offset: Offset, after: Ms): Ms | null {
  const match = nextMatch(latestShown(offset, after));
  if (match === null) return null;
  for (let from = after; ; ) {
    const ahead = offset.at(from);
    const change = offset.firstChange(from, match - ahead, ahead);
    if (change === undefined) return match - ahead;
    if (change + offset.at(change) >= match) return change; // it lies in the gap, or right behind it
    from = change;
  }
}

/**
 * The next instant whose local time matches, found on a calendar without changes of clocks, from one change to the next. Croner
 * by itself tries every match of a skipped hour: a quarter of a second for `* * * * * *` once a year, and without end for one
 * that only fires there.
 */
function nextByClock(nextMatch: NextFiring, offset: Offset, after: Ms): Ms | null {
  let from = after;
  let ahead = offset.at(from);
  while (from - after <= HORIZON_MS) {
    const match = nextMatch(from + ahead);
    if (match === null) return null;
    const at = match - ahead;
    const change = offset.firstChange(from, at, ahead);
    if (change === undefined) return at;
    from = change - 1; // the moment of the change itself may match
    ahead = offset.at(change);
  }
  return null;
}

const FIELDS: Record<string, string> = {
  second: 'seconds go from 0 to 59',
  minute: 'minutes go from 0 to 59',
  hour: 'hours go from 0 to 23',
  day: 'days of the month go from 1 to 31',
  nearestWeekdays: 'days of the month go from 1 to 31',
  month: 'months go from 1 to 12 or JAN to DEC',
  dayOfWeek: 'days of the week go from 0 (Sunday) to 7 (Sunday too), or SUN to SAT',
};

const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@hourly'];

/** What is wrong with the form of an expression, in words. */
function flawOf(cron: string): string | undefined {
  const count = cron === '' ? 0 : cron.split(' ').length;
  if (!cron.startsWith('@') && count !== 5 && count !== 6) {
    return `A cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second first; "${cron}" has ${count}.`;
  }
  if (cron.startsWith('@') && !NICKNAMES.includes(cron.toLowerCase())) {
    return `There is no "${cron.slice(0, 64)}"; write ${NICKNAMES.join(', ')}, or five fields: "*/5 * * * *" is every five minutes.`;
  }
  try {
    new CronPattern(cron, undefined, OPTIONS);
    return undefined;
  } catch (error) {
    // Croner counts days and months from 0 in its words: "Invalid value for month: 12" for 13.
    const words = (error as Error).message.replace(/^CronPattern: /, '').replace(/^Syntax error, /, '');
    const field = /^Invalid value for (\w+):/.exec(words)?.[1];
    return `"${cron}" is not a cron expression: ${(field && FIELDS[field]) || words.replace(/\.$/, '')}.`;
  }
}

function isTimeZone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false; // offsets as +02:00 are zones to some versions of Node, not to others
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError is how Intl says so
  }
}

const unknownZone = (name: string): string =>
  `There is no time zone "${name.slice(0, 64)}"${didYouMean(name, Intl.supportedValuesOf('timeZone')) || '; use an IANA name, as Europe/Berlin.'}`;
