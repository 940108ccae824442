import type { Ms } from '../store/store.js';

export interface LaneDeps {
  /** What has something to be done. */
  due(): Promise<number[]>;
  /** Does the next piece of it. Resolves to whether there may be more. */
  step(id: number): Promise<boolean>;
  onError(error: unknown, id: number): void;
}

/**
 * Work for many that must not wait for each other: each has a lane of its own, in which one step follows the other. Lanes know nothing of
 * each other, and nobody waits for them: one that hangs holds up itself alone.
 */
export class Lanes {
  readonly #deps: LaneDeps;
  readonly #lanes = new Map<number, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: LaneDeps) {
    this.#deps = deps;
  }

  /** Aborts when the lanes are to end. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Starts a lane for each that is due and has none. */
  async look(): Promise<void> {
    if (this.signal.aborted) return;
    for (const id of await this.#deps.due()) {
      if (this.#lanes.has(id)) continue;
      const lane = this.#work(id).finally(() => this.#lanes.delete(id));
      this.#lanes.set(id, lane);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#lanes.values());
  }

  async #work(id: number): Promise<void> {
    try {
      while (!this.signal.aborted && (await this.#deps.step(id)));
    } catch (error) {
      this.#deps.onError(error, id); // its claim runs out by itself
    }
  }
}

/** Doubles with each failure, up to `last`; less by up to half, so that what failed together does not come back together. */
export function retryWait(failures: number, { first, last }: { first: Ms; last: Ms }, random: number): Ms {
  const longest = Math.min(first * 2 ** Math.min(failures, 20), last);
  return Math.ceil(longest * (0.5 + random / 2));
}
