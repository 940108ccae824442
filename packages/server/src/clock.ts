import { randomBytes, randomFillSync } from 'node:crypto';

export interface Timer {
  cancel(): void;
}

/** The only source of time and randomness. Times are epoch milliseconds. */
export interface Clock {
  now(): number;
  /** Milliseconds with fractions, since some moment: for durations, which no setting of the clock may change. */
  monotonic(): number;
  /** Runs `fn` once after `delayMs`. The timer does not keep the process alive. */
  setTimer(fn: () => void, delayMs: number): Timer;
  /** Uniform in [0, 1). */
  random(): number;
  /** `bytes` random bytes in lower-case hex. */
  randomHex(bytes: number): string;
  randomBytes(bytes: number): Buffer;
}

const MAX_TIMER_MS = 2 ** 31 - 1; // longer delays make Node fire at once
const POOL_BYTES = 8192;

/** Hex from a pool: one system call serves some hundred span ids. */
function hexPool(): (bytes: number) => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return (bytes) => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
}

export function systemClock(): Clock {
  return {
    now: Date.now,
    monotonic: () => performance.now(),
    setTimer(fn, delayMs) {
      const timer = setTimeout(fn, Math.min(Math.max(delayMs, 0), MAX_TIMER_MS));
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
    random: Math.random,
    randomHex: hexPool(),
    randomBytes,
  };
}
