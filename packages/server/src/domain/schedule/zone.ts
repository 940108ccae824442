import type { Ms } from '../../store/rows.js';

/** How far the clocks of a time zone are ahead of UTC, in milliseconds. */
export interface Offset {
  at(time: Ms): Ms;
  /** The first moment in (`from`, `to`] at which the offset is another than `ahead`, the one that holds just after `from`. */
  firstChange(from: Ms, to: Ms, ahead: Ms): Ms | undefined;
}

const SHORTEST_PERIOD_MS = 7 * 86_400_000; // Morocco's pause of summer time for Ramadan, the shortest period in use, is a month

/** Making a format takes 0.1 ms, keeping it some 40 KiB. There are some hundred zones, of which few are in use. */
const MAX_FORMATS = 100;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Zones have one name in any letter case: kept by the name as it is spelled, those of one zone could fill the memory. */
export function formatFor(timeZone: string): Intl.DateTimeFormat {
  const key = timeZone.toLowerCase();
  const format = formats.get(key) ?? new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  formats.delete(key); // the last one used comes last
  formats.set(key, format);
  const [oldest] = formats.keys();
  if (formats.size > MAX_FORMATS && oldest !== undefined) formats.delete(oldest);
  return format;
}

/** From `… GMT-03:30`; `… GMT` alone is 0. */
function parseOffset(text: string): Ms {
  const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
  const size = Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000 + Number(seconds ?? 0) * 1_000;
  return sign === '-' ? -size : size;
}

export function zoneOffset(timeZone: string): Offset {
  const format = formatFor(timeZone);
  const at = (time: Ms): Ms => parseOffset(format.format(time));

  /** Of two moments with one change between them, the moment of that change. */
  function bisect(before: Ms, after: Ms, ahead: Ms): Ms {
    let [low, high] = [before, after];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (at(middle) === ahead) low = middle;
      else high = middle;
    }
    return high;
  }

  function firstChange(from: Ms, to: Ms, ahead: Ms): Ms | undefined {
    for (let low = from; low < to; low += SHORTEST_PERIOD_MS) {
      const high = Math.min(low + SHORTEST_PERIOD_MS, to);
      if (at(high) !== ahead) return bisect(low, high, ahead);
    }
    return undefined;
  }

  return { at, firstChange };
}
