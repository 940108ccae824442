import type { Clock, Timer } from '../clock.js';

/** Background work as a table: what, how often, how. */
export interface Loop {
  name: string;
  everyMs: number;
  /** Its period counts only on the server that leads; a hint is followed by whoever gets it. */
  onLeader?: boolean;
  /** Runs once more at the end, for as long as it has more to do, so that nothing waits for the next start. */
  runsAtStop?: boolean;
  /** Does what is due; may say in how many milliseconds it wants to run next, if that is sooner than `everyMs`. */
  run(): Promise<{ inMs?: number | undefined } | void>;
}

export interface LoopDeps {
  clock: Clock;
  /** Whether this server leads; always, where it is alone. */
  leads(): boolean;
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
  /** The period or a hint: what set the timer. */
  #hinted = false;
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
    if (at >= this.#nextAt) return;
    this.#hinted = true;
    this.#schedule(at);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#current;
    if (!this.#loop.runsAtStop) return;
    let inMs: number | undefined;
    do inMs = await this.#runOnce();
    while (inMs === 0);
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
    const mayRun = this.#hinted || !this.#loop.onLeader || this.#deps.leads();
    this.#nextAt = Number.POSITIVE_INFINITY;
    this.#hinted = false;
    const inMs = mayRun ? await this.#runOnce() : undefined;
    this.#current = undefined;
    const ownAt = this.#deps.clock.now() + Math.min(inMs ?? Number.POSITIVE_INFINITY, this.#loop.everyMs);
    if (inMs !== undefined && inMs < this.#loop.everyMs && ownAt < this.#nextAt) this.#hinted = true;
    this.#schedule(Math.min(this.#nextAt, ownAt));
  }

  async #runOnce(): Promise<number | undefined> {
    try {
      return (await this.#loop.run())?.inMs;
    } catch (error) {
      this.#deps.onError(this.#loop.name, error);
      return undefined;
    }
  }
}
