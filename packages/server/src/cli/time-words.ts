import { CliError, EXIT } from './failure.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in at most two units: `850 ms`, `12.3 s`, `4m 05s`, `3h 20m`, `12d`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const two = (count: number) => String(count).padStart(2, '0');
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two(Math.floor((ms % MINUTE) / SECOND))}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two(Math.floor((ms % HOUR) / MINUTE))}m`;
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`;
}

const UNITS = [
  [DAY, 'd'],
  [HOUR, 'h'],
  [MINUTE, 'm'],
  [SECOND, 's'],
] as const;

/** `5m ago`, `in 2h`: for people. `now` where it differs by less than a second, as clocks do. */
export function relative(time: string | undefined, now: number): string {
  if (time === undefined) return '';
  const ms = Date.parse(time) - now;
  const unit = UNITS.find(([length]) => Math.abs(ms) >= length);
  if (!unit) return 'now';
  const count = `${Math.floor(Math.abs(ms) / unit[0])}${unit[1]}`;
  return ms > 0 ? `in ${count}` : `${count} ago`;
}

/** `2030-01-01 12:00:00 UTC (5m ago)` */
export const exactly = (time: string | undefined, now: number): string =>
  time === undefined ? '' : `${time.slice(0, 19).replace('T', ' ')} UTC (${relative(time, now)})`;

/** From a begin to an end, or to now; undefined before the begin. */
export const between = (begin: string | undefined, end: string | undefined, now: number): string =>
  begin === undefined ? '' : duration(Math.max(0, (end === undefined ? now : Date.parse(end)) - Date.parse(begin)));

const AGO = /^(\d{1,6})([smhd])$/;
const LENGTHS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A moment in the past that a user wrote: RFC 3339, a date, or how long ago, as `90m`, `24h`, `7d`. Given back as RFC 3339. */
export const momentOf = (text: string, flag: string, now: number): string => parseMoment(text, flag, now, -1, 'how long ago');

/** As `momentOf`, but `90d` is that far ahead. */
export const momentAhead = (text: string, flag: string, now: number): string => parseMoment(text, flag, now, 1, 'how far ahead');

function parseMoment(text: string, flag: string, now: number, direction: 1 | -1, words: string): string {
  const [, count, unit = ''] = AGO.exec(text) ?? [];
  const written = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  const at = count === undefined ? written : now + direction * Number(count) * (LENGTHS[unit] ?? 0);
  if (Number.isFinite(at)) return new Date(at).toISOString();
  const message = `${flag} must be a time as 2030-01-31T12:00:00Z, or ${words} as 90m, 24h or 7d, not "${text}"`;
  throw new CliError(message, { exitCode: EXIT.usage });
}

/** A length of time that a user wrote, as `90m`, `24h`, `0s`, in milliseconds. */
export function lengthOf(text: string, flag: string): number {
  const [, count, unit = ''] = AGO.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (LENGTHS[unit] ?? 0);
  throw new CliError(`${flag} must be a length of time as 30s, 90m, 24h or 7d, not "${text}"`, { exitCode: EXIT.usage });
}
