import type { Clock } from '../../clock.js';

export interface FreshOptions {
  /** Milliseconds for which a value is taken as it is. */
  maxAgeMs: number;
  /** Milliseconds that a caller waits for a new value before it takes the old one. */
  waitMs: number;
  clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** Nobody waits for a value: who asks gets the last one, if there is any. */
  isLazy?: boolean;
  /** Told of a reading that failed. */
  onError(error: unknown): void;
}

export interface Figure<Value> {
  /** The last that was read; undefined when there is none, or when the last reading failed. */
  value: Value | undefined;
  /** It should be newer: the reading failed, or it takes too long. */
  isMissed: boolean;
}

/**
 * A figure that costs a reading. Callers within `maxAgeMs` share one; while a new one is under way nobody starts another. Who waits
 * for too long gets the last one; after a reading that failed there is none.
 */
export class Fresh<Value> {
  readonly #read: () => Promise<Value>;
  readonly #options: FreshOptions;
  #value: Value | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  #reading: { done: Promise<void>; since: number } | undefined;

  constructor(read: () => Promise<Value>, options: FreshOptions) {
    this.#read = read;
    this.#options = options;
  }

  /** @param leftMs - waits no longer than that either, in milliseconds */
  async get(leftMs: number): Promise<Figure<Value>> {
    const { maxAgeMs, waitMs, clock, isLazy = false } = this.#options;
    if (clock.monotonic() - this.#readAt < maxAgeMs) return { value: this.#value, isMissed: false };
    this.#reading ??= { done: this.#refresh().finally(() => this.#end()), since: clock.monotonic() };
    const { done, since } = this.#reading;
    const isDone = isLazy ? clock.monotonic() - since < waitMs : await within(done, Math.min(waitMs, leftMs), clock);
    return { value: this.#value, isMissed: this.#hasFailed || !isDone };
  }

  async #refresh(): Promise<void> {
    try {
      this.#value = await this.#read();
      this.#hasFailed = false;
      this.#readAt = this.#options.clock.monotonic();
    } catch (error) {
      this.#value = undefined; // what was true a while ago may not be now
      this.#hasFailed = true;
      this.#options.onError(error);
    }
  }

  #end(): void {
    this.#reading = undefined;
  }
}

/** Whether it was done before the time was over. */
function within(done: Promise<void>, ms: number, clock: Pick<Clock, 'setTimer'>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), ms);
    void done.then(() => {
      timer.cancel();
      resolve(true);
    });
  });
}
