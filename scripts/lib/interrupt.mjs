import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const WATCH_MS = 200;
const ECHO_MS = 500;
const startedBy = process.ppid; // at the start: who started us may be gone by the time somebody listens

/** As shells count: 130 for SIGINT, 143 for SIGTERM. */
export const exitCodeOf = (signal) => 128 + constants.signals[signal];

/**
 * Calls `interrupted` with the name of every signal that asks this process to end. Returns the function that stops listening.
 *
 * npm adds two things. It repeats to its shell, which may be us, the Ctrl-C that the terminal sent to all of us: what follows
 * within half a second is the same wish. And dash dies of the SIGTERM that npm passes on, and leaves us behind: under npm, the
 * loss of the parent is a SIGTERM.
 */
export function onInterrupt(interrupted) {
  let heardAt = Number.NEGATIVE_INFINITY;
  const hear = (signal) => {
    const now = performance.now();
    if (now - heardAt < ECHO_MS) return;
    heardAt = now;
    interrupted(signal);
  };
  const underNpm = process.env.npm_lifecycle_event !== undefined; // without it, nohup and disown change the parent and mean to
  const watch = setInterval(() => {
    if (!underNpm || process.ppid === startedBy) return;
    clearInterval(watch);
    hear('SIGTERM');
  }, WATCH_MS).unref();
  for (const signal of SIGNALS) process.on(signal, hear);
  return () => {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, hear);
  };
}
