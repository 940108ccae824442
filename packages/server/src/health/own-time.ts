import type { Clock, Timer } from '../clock.js';

/** However long the process stands still in one part, the others are still to come. */
const PARTS = 8;

/**
 * Calls `over` once this process has run for so many milliseconds. A time in which the process itself stood still, as at its start or
 * on a machine that is busy, counts for little: what was waited for may have answered long since, and nobody has looked.
 */
export function afterOwnTime(clock: Clock, ms: number, over: () => void): Timer {
  let left = PARTS;
  const passed = () => {
    left -= 1;
    if (left === 0) over();
    else timer = clock.setTimer(passed, ms / PARTS);
  };
  let timer = clock.setTimer(passed, ms / PARTS);
  return { cancel: () => timer.cancel() };
}
