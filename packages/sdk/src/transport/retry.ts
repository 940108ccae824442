/** Waits between attempts, in milliseconds. */
export const RETRY = {
  baseMs: 200,
  capMs: 5_000,
  /** A server that asks for a longer pause than this gets no repeat: the caller learns `retryAfterMs` instead. */
  patienceMs: 60_000,
} as const;

/** What decides about a repeat. */
export interface FailedAttempt {
  /** 1 for the first. */
  attempt: number;
  maxAttempts: number;
  /** Milliseconds since the first attempt failed. */
  failingForMs: number;
  /** For how long attempts may follow the first failure. */
  retryForMs: number;
  retryable: boolean;
  /** What the server asked for. */
  retryAfterMs: number | undefined;
  /** 0 to 1. */
  random: number;
}

/**
 * Milliseconds to wait before the next attempt, or undefined when there is none. Exponential with full jitter, so that
 * clients which failed together do not come back together; on top of what the server asked for, if it did. The last attempt
 * comes when the time is over, and none at all when the server asks to stay away for longer than that.
 */
export function retryDelay(failed: FailedAttempt): number | undefined {
  const { attempt, maxAttempts, failingForMs, retryForMs, retryable, retryAfterMs = 0, random } = failed;
  const leftMs = retryForMs - failingForMs;
  if (!retryable || attempt >= maxAttempts || leftMs <= 0 || retryAfterMs > Math.min(RETRY.patienceMs, leftMs)) return undefined;
  const backoffMs = Math.floor(random * Math.min(RETRY.capMs, RETRY.baseMs * 2 ** (attempt - 1)));
  return Math.min(retryAfterMs + backoffMs, leftMs);
}

/**
 * Milliseconds that a `Retry-After` header asks for (RFC 9110 §10.2.3: whole seconds or an HTTP date).
 *
 * @param now the server's time in epoch milliseconds: its `Date` header if it sent one, so that clocks need not agree
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
