import { reconnectDelay } from './backoff.js';

export interface OutageEvents {
  /** The first call in a row that failed. */
  disconnected(error: unknown): void;
  /** The first that got through again, with the milliseconds between. */
  reconnected(awayMs: number): void;
}

/**
 * Whether the server can be reached, as all calls of a worker together see it.
 *
 * Modes: `reachable` ⇄ `away`. A failed call moves to `away`, an answered one back; everybody who waits for the next try
 * is woken by the first call that gets through.
 */
export class Outage {
  readonly #events: OutageEvents;
  readonly #random: () => number;
  #awaySince: number | undefined;
  #waiting = new Set<() => void>();

  constructor(events: OutageEvents, random: () => number = Math.random) {
    this.#events = events;
    this.#random = random;
  }

  get isAway(): boolean {
    return this.#awaySince !== undefined;
  }

  failed(error: unknown): void {
    if (this.#awaySince !== undefined) return;
    this.#awaySince = performance.now();
    this.#events.disconnected(error);
  }

  answered(): void {
    if (this.#awaySince === undefined) return;
    const awayMs = Math.round(performance.now() - this.#awaySince);
    this.#awaySince = undefined;
    this.#events.reconnected(awayMs);
    for (const wake of this.#waiting) wake();
  }

  /** Waits before the next try; returns early when another call got through or `signal` aborts. */
  pause(failures: number, signal: AbortSignal | undefined, atLeastMs = 0): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(atLeastMs, reconnectDelay(failures, this.#random)));
      if (atLeastMs === 0) this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
