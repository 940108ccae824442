import type { Ms } from '../../store/store.js';
import { DAY, HOUR, MINUTE, periodOf, type Resolution } from './periods.js';

/** Periods of one resolution: from (inclusive) to (exclusive), both at their borders. */
export interface Span {
  resolution: Resolution;
  from: Ms;
  to: Ms;
}

/** A stretch of time, and the fewest pages that cover it. */
export interface Window {
  from: Ms;
  to: Ms;
  /** Of a point of a series over time. */
  resolution: Resolution;
  spans: Span[];
}

/** How long figures of minutes and hours are kept. */
export interface Kept {
  insightMinutesMs: Ms;
  insightHoursMs: Ms;
}

/** Points of at most 2 hours are minutes, of at most 8 days hours, else days. */
function resolutionFor(from: Ms, to: Ms, now: Ms, kept: Kept): Resolution {
  const length = to - from;
  if (length <= 2 * HOUR && from >= now - kept.insightMinutesMs) return MINUTE;
  if (length <= 8 * DAY && from >= now - kept.insightHoursMs) return HOUR;
  return DAY;
}

/** The resolution of the edges: the next finer one, where it is still kept. */
function finerThan(resolution: Resolution, at: Ms, now: Ms, kept: Kept): Resolution {
  if (resolution === DAY && at >= now - kept.insightHoursMs) return HOUR;
  if (resolution === HOUR && at >= now - kept.insightMinutesMs) return MINUTE;
  return resolution;
}

/** Covers a stretch of time; its ends move outwards to the borders of the finest periods that are kept there. */
export function windowOf(from: Ms, to: Ms, now: Ms, kept: Kept): Window {
  const resolution = resolutionFor(from, to, now, kept);
  const before = finerThan(resolution, from, now, kept);
  const after = to >= now ? resolution : finerThan(resolution, to, now, kept); // nothing is ahead of now: its whole period will do
  const start = periodOf(from, before);
  const end = upTo(to >= now ? now + 1 : to, after); // what ended in this very millisecond counts
  const [first, last] = [upTo(start, resolution), periodOf(end, resolution)];
  const spans: Span[] =
    first > last
      ? [{ resolution: before, from: start, to: end }]
      : [
          { resolution: before, from: start, to: first },
          { resolution, from: first, to: last },
          { resolution: after, from: last, to: end },
        ];
  return { from: start, to: end, resolution, spans: spans.filter((span) => span.from < span.to) };
}

const upTo = (at: Ms, resolution: Ms): Ms => periodOf(at + resolution - 1, resolution);
