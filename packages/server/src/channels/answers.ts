import type { OutboundAnswer } from '../outbound/outbound.js';

/** What an answer holds as JSON, when that is an object. */
export function jsonOf({ body }: Pick<OutboundAnswer, 'body'>): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown }) : {};
  } catch {
    return {};
  }
}

export const childOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as { [name: string]: unknown })[name] : undefined;

const MOST_WAIT_SECONDS = 3_600;

/** Milliseconds, at most an hour, of seconds that a provider asks to wait. */
export const waitOf = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' && seconds >= 0 ? Math.ceil(Math.min(seconds, MOST_WAIT_SECONDS) * 1_000) : undefined;

/** In one line. */
export const said = (title: string, { status, body }: Pick<OutboundAnswer, 'status' | 'body'>): string =>
  `${title} answered ${status}${body.trim() === '' ? '' : `: ${body.replace(/\s+/g, ' ').trim()}`}`;
