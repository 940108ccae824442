import type { Ms } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { DAY, HOUR, MINUTE } from './periods.js';

const UNITS: Record<string, Ms> = { m: MINUTE, h: HOUR, d: DAY };

/** `15m`, `24h`, `7d` as milliseconds. @throws DomainError `invalid_request` */
export function rangeOf(text: string, longest: Ms, path = 'range'): Ms {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const range = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!(range > 0)) throw invalid(path, 'must be a number of minutes, hours or days above 0, as "15m", "24h" or "7d".');
  if (range > longest) throw invalid(path, `is longer than ${longest / DAY} days.`);
  return range;
}

export const invalid = (path: string, message: string): DomainError =>
  new DomainError('invalid_request', `\`${path}\` ${message}`, { errors: [{ path, message }] });
