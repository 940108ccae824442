const FIRST_MS = 100;
const CAP_MS = 5_000;

/**
 * Milliseconds to wait before the next try after `failures` failed ones: doubling from 100 ms to 5 s, of which a random
 * half is taken, so that the workers of a fleet do not come back in one moment.
 */
export function reconnectDelay(failures: number, random: () => number): number {
  const full = Math.min(CAP_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
  return full / 2 + (random() * full) / 2;
}
