import { type Backoff, DEFAULTS } from '@pipelogiq/protocol';
import type { JsonText } from '../use-cases.js';

/**
 * Milliseconds before the next attempt, after `attempts` spent ones (1 or more). With full jitter the wait is uniform between 0
 * and the computed one, so that stages that failed together do not come back together.
 */
export function backoffMs(backoff: Backoff, attempts: number, random: () => number): number {
  const cap = backoff.maxDelayMs ?? DEFAULTS.backoff.maxDelayMs;
  const wait = Math.min(growth(backoff, Math.max(attempts, 1)), cap);
  return Math.round((backoff.jitter ?? DEFAULTS.backoff.jitter) ? wait * random() : wait);
}

function growth({ type, delayMs }: Backoff, attempts: number): number {
  switch (type) {
    case 'fixed':
      return delayMs;
    case 'linear':
      return delayMs * attempts;
    case 'exponential':
      return delayMs * Math.min(2 ** (attempts - 1), Number.MAX_VALUE); // Infinity is brought back by the cap, 0 × Infinity would not be
  }
}

/** The stored backoff of a stage; null stands for the default. */
export const storedBackoff = (text: string | null): Backoff => (text === null ? DEFAULTS.backoff : (JSON.parse(text) as Backoff));

export const backoffText = (backoff: Backoff | undefined): JsonText | null =>
  backoff === undefined ? null : (JSON.stringify(backoff) as JsonText);
