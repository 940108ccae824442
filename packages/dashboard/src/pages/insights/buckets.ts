import type { Range } from './search.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Into how many parts a range falls for its course, each an answer of its own: few enough to ask for, enough to see a turn. */
const PARTS: Record<Range, { count: number; ms: number }> = {
  '1h': { count: 12, ms: 5 * MINUTE },
  '24h': { count: 12, ms: 2 * HOUR },
  '7d': { count: 14, ms: 12 * HOUR },
  '30d': { count: 15, ms: 2 * DAY },
  '90d': { count: 15, ms: 6 * DAY },
};

/** Epoch milliseconds. */
export interface Bucket {
  from: number;
  to: number;
}

/** The parts of a range up to now, at borders that stay where they are while time goes on, so that each is asked for once. */
export function bucketsOf(range: Range, now: number): Bucket[] {
  const { count, ms } = PARTS[range];
  const end = (Math.floor(now / ms) + 1) * ms;
  return Array.from({ length: count }, (_, index) => {
    const to = end - (count - 1 - index) * ms;
    return { from: to - ms, to };
  });
}
