import type { Clock } from './clock.js';

/** What a shutdown waits for a tracing backend: SIGTERM leaves ten seconds for everything. */
export const SHUTDOWN_GRACE_MS = 3_000;

/** Resolves when `work` has, at the latest after `ms`. `work` must not reject. */
export function settledWithin(work: Promise<void>, ms: number, clock: Pick<Clock, 'setTimer'>): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(resolve, ms);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
}
