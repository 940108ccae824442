import type { Clock, Timer } from '../clock.js';

/** Background work as a table: what, how often, how. */
export interface Loop {
  name: string;
  everyMs: number;
  /** Runs once more at the end, for as long as it has more to do, so that nothing waits for the next start. */
  runsAtStop?: boolean;
  /** Does what is due; may say when it wants to run next, if that is sooner than `everyMs` from now. */
  run(): Promise<{ nextAt?: number | undefined }>;
}

export interface LoopDeps {
  clock: Clock;
  onError(loop: string, error: unknown): void;
}

export interface Loops {
  start(): void;
  /** Asks a loop to run at `at` (epoch ms) or sooner. */
  hint(name: string, at: number): void;
  /** Ends all timers, waits for the runs under way and for those that end the work. */
  stop(): Promise<void>;
}

/** Runs each loop by its own timer; a loop never overlaps itself, and one that fails is tried again at its next time. */
export function createLoops(table: readonly Loop[], deps: LoopDeps): Loops {
  const runners = new Map(table.map((loop) => [loop.name, new Runner(loop, deps)]));
  return {
    start: () => {
      for (const runner of runners.values()) runner.start();
    },
    hint: (name, at) => runners.get(name)?.hint(at),
    stop: async () => {
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
    },
  };
}

/**
 * idle → (timer) running → idle, until stop. `#nextAt` is when the timer fires; a hint that comes while it runs counts for the
 * next time.
 */
class Runner {
  readonly #loop: Loop;
  readonly #deps: LoopDeps;
  #timer: Timer | undefined;
  #nextAt = Number.POSITIVE_INFINITY;
  #current: Promise<void> | undefined;
  #stopped = false;

  constructor(loop: Loop, deps: LoopDeps) {
    this.#loop = loop;
    this.#deps = deps;
  }

  start(): void {
    this.#schedule(this.#deps.clock.now());
  }

  hint(at: number): void {
    if (at < this.#nextAt) this.#schedule(at);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#current;
    if (!this.#loop.runsAtStop) return;
    let next: number | undefined;
    do next = await this.#runOnce();
    while (next !== undefined && next <= this.#deps.clock.now());
  }

  #schedule(at: number): void {
    this.#nextAt = at;
    if (this.#stopped || this.#current) return; // #run schedules when it is done
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.setTimer(() => {
      this.#current = this.#run();
    }, at - this.#deps.clock.now());
  }

  async #run(): Promise<void> {
    this.#nextAt = Number.POSITIVE_INFINITY;
    const wanted = await this.#runOnce();
    this.#current = undefined;
    this.#schedule(Math.min(this.#nextAt, wanted ?? Number.POSITIVE_INFINITY, this.#deps.clock.now() + this.#loop.everyMs));
  }

  async #runOnce(): Promise<number | undefined> {
    try {
      return (await this.#loop.run()).nextAt;
    } catch (error) {
      this.#deps.onError(this.#loop.name, error);
      return undefined;
    }
  }
}
