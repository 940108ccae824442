import type { RequestHandler } from 'msw';
import { NOW } from '../support.js';

/** How many messages of one channel a provider takes in a window, which begins with the first of them. */
interface Limit {
  most: number;
  perMs: number;
}

interface DoubleOptions {
  /** Left out: the provider's own, as it is known. */
  limit?: Limit;
  /** The time that it goes by. */
  now?: () => number;
}

/** A stand-in of a provider, which has taken nothing yet. */
export type Double = (options?: DoubleOptions) => RequestHandler[];

/** Counts the messages of each key. Says of one that is too many when the window ends, in milliseconds from now. */
export function limiter(own: Limit, { limit = own, now = () => NOW }: DoubleOptions = {}): (key: string) => number | undefined {
  const windows = new Map<string, { endsAt: number; left: number }>();
  return (key) => {
    const at = now();
    const known = windows.get(key);
    const window = known && at < known.endsAt ? known : { endsAt: at + limit.perMs, left: limit.most };
    windows.set(key, window);
    window.left -= 1;
    return window.left < 0 ? window.endsAt - at : undefined;
  };
}

export const secondsOf = (ms: number): number => Math.ceil(ms / 1_000);

/** Of an answer of 429. */
export const tooMany = (waitMs: number) => ({ status: 429, headers: { 'retry-after': String(secondsOf(waitMs)) } });
