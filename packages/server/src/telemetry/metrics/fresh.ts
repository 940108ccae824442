import type { Clock } from '../../clock.js';

export interface FreshOptions {
  /** Milliseconds for which a value is taken as it is. */
  maxAgeMs: number;
  /** Milliseconds that a caller waits for a new value before it takes the old one. */
  waitMs: number;
  clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** Nobody waits for a new value as long as there is an old one. */
  isLazy?: boolean;
  /** Told of a reading that failed. */
  onError(error: unknown): void;
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
  #reading: Promise<void> | undefined;

  constructor(read: () => Promise<Value>, options: FreshOptions) {
    this.#read = read;
    this.#options = options;
  }

  async get(): Promise<Value | undefined> {
    const { maxAgeMs, clock, isLazy = false } = this.#options;
    if (clock.monotonic() - this.#readAt < maxAgeMs) return this.#value;
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    if (!isLazy || this.#value === undefined) await this.#inTime(this.#reading);
    return this.#value;
  }

  async #refresh(): Promise<void> {
    try {
      this.#value = await this.#read();
      this.#readAt = this.#options.clock.monotonic();
    } catch (error) {
      this.#value = undefined; // what was true a while ago may not be now
      this.#options.onError(error);
    }
  }

  #inTime(reading: Promise<void>): Promise<void> {
    const { clock, waitMs } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.setTimer(resolve, waitMs);
      void reading.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
