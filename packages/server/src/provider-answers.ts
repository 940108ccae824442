import type { OutboundAnswer } from './outbound/outbound.js';
import type { Ms } from './store/store.js';

const MOST_WAIT_SECONDS = 3_600;

/**
 * Seconds, or a date (RFC 9110 section 10.2.3), at most an hour; undefined when the answer says nothing of it, or no time to come: a
 * provider that fails and says "at once" each time is asked with growing waits all the same.
 */
export function retryAfter({ headers }: Pick<OutboundAnswer, 'headers'>, now: Ms): Ms | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1_000;
  return seconds > 0 ? Math.min(seconds, MOST_WAIT_SECONDS) * 1_000 : undefined;
}

/** Milliseconds, at most an hour, of seconds that a provider asks to wait; 0 says nothing: asked at once it would say so again. */
export const waitOf = (seconds: unknown): Ms | undefined =>
  typeof seconds === 'number' && seconds > 0 ? Math.ceil(Math.min(seconds, MOST_WAIT_SECONDS) * 1_000) : undefined;

/** In one line. */
export const said = (title: string, { status, body }: Pick<OutboundAnswer, 'status' | 'body'>): string =>
  `${title} answered ${status}${body.trim() === '' ? '' : `: ${body.replace(/\s+/g, ' ').trim()}`}`;
