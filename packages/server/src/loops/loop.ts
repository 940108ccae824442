import type { Clock, Timer } from '../clock.js';

/** Background work as a table: what, how often, how. */
export interface Loop {
  name: string;
  everyMs: number;
  /** Its period counts only on the server that leads; a hint is followed by whoever gets it. */
  onLeader?: boolean;
  /** Runs once more at the end, for as long as it has more to do, so that nothing waits for the next start. */
  runsAtStop?: boolean;
  /** One run of it may take longer than others before it counts as stuck. */
  mayTakeMs?: number;
  /** Does what is due; may say in how many milliseconds it wants to run next, if that is sooner than `everyMs`. */
  run(): Promise<LoopResult | void>;
}

export interface LoopResult {
  /** When it wants to run next, in milliseconds. */
  inMs?: number | undefined;
  /** What it could not do, although it did the rest: counts as a failure. */
  broken?: unknown;
}

/** What a loop has done so far. Times by the clock of this process. */
export interface LoopState {
  name: string;
  everyMs: number;
  mayTakeMs?: number;
  /** Absent before the first run; where another server leads, that may be never. */
  lastRun?: { startedAt: number; durationMs: number };
  /** Begin of the run under way. */
  runningSince?: number;
  /** In a row, and the last of them. */
  failures: number;
  lastError?: unknown;
}

export interface LoopDeps {
  clock: Clock;
  /** Whether this server leads; always, where it is alone. */
  leads(): boolean;
  /** Told of the first of several failures in a row, then of the 10th, the 100th … */
  onError(loop: string, error: unknown, failures: number): void;
  /** Told when a loop works again that had failed. */
  onRecovered(loop: string, failures: number): void;
}

export interface Loops {
  start(): void;
  /** Asks a loop to run at `at` (epoch ms) or sooner. */
  hint(name: string, at: number): void;
  /** This server leads from now on: what is for the leader runs at once, in the order of the table. */
  leadTaken(): void;
  states(): LoopState[];
  /** Resolves when the runs under way are over. */
  idle(): Promise<void>;
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
    leadTaken: () => {
      for (const { name, onLeader } of table) if (onLeader) runners.get(name)?.hint(deps.clock.now());
    },
    states: () => [...runners.values()].map((runner) => runner.state()),
    idle: async () => {
      await Promise.all([...runners.values()].map((runner) => runner.idle()));
    },
    stop: async () => {
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
    },
  };
}

/**
 * idle → (timer) running → idle, until stop. The timer fires at the earlier of the next period and the earliest hint. A period is
 * for the server that leads, a hint for whoever got it; one that comes while the loop runs counts for the next time.
 */
class Runner {
  readonly #loop: Loop;
  readonly #deps: LoopDeps;
  #timer: Timer | undefined;
  #periodAt = Number.POSITIVE_INFINITY;
  #hintAt = Number.POSITIVE_INFINITY;
  #current: Promise<void> | undefined;
  #stopped = false;
  /** In a row. */
  #failures = 0;
  #lastError: unknown;
  #runningSince: number | undefined;
  #lastRun: { startedAt: number; durationMs: number } | undefined;

  constructor(loop: Loop, deps: LoopDeps) {
    this.#loop = loop;
    this.#deps = deps;
  }

  start(): void {
    this.#periodAt = this.#deps.clock.now();
    this.#schedule();
  }

  hint(at: number): void {
    if (at >= this.#hintAt) return;
    this.#hintAt = at;
    this.#schedule();
  }

  state(): LoopState {
    const { name, everyMs, mayTakeMs } = this.#loop;
    return {
      name,
      everyMs,
      ...(mayTakeMs !== undefined && { mayTakeMs }),
      ...(this.#lastRun && { lastRun: this.#lastRun }),
      ...(this.#runningSince !== undefined && { runningSince: this.#runningSince }),
      failures: this.#failures,
      ...(this.#failures > 0 && { lastError: this.#lastError }),
    };
  }

  async idle(): Promise<void> {
    await this.#current;
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

  #schedule(): void {
    if (this.#stopped || this.#current) return; // #run schedules when it is done
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.setTimer(() => {
      this.#current = this.#run();
    }, this.#waitMs());
  }

  /** A clock that was set back puts what was noted before far ahead, and may not make the period longer. */
  #waitMs(): number {
    const now = this.#deps.clock.now();
    return Math.min(this.#periodAt - now, this.#loop.everyMs, this.#hintAt - now);
  }

  async #run(): Promise<void> {
    const hinted = this.#hintAt <= this.#deps.clock.now();
    if (hinted) this.#hintAt = Number.POSITIVE_INFINITY;
    const mayRun = hinted || !this.#loop.onLeader || this.#deps.leads();
    // Awaited also when there is nothing to do: `#current` is set only after the first wait, and must be taken back after that.
    const inMs = await (mayRun ? this.#runOnce() : undefined);
    this.#current = undefined;
    const now = this.#deps.clock.now();
    this.#periodAt = now + this.#loop.everyMs;
    // What it asks for itself is a hint too: it knows of work that is due then.
    if (inMs !== undefined && inMs < this.#loop.everyMs) this.#hintAt = Math.min(this.#hintAt, now + inMs);
    this.#schedule();
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    this.#lastError = error;
    if (Number.isInteger(Math.log10(this.#failures))) this.#deps.onError(this.#loop.name, error, this.#failures);
  }

  async #runOnce(): Promise<number | undefined> {
    const { name } = this.#loop;
    const startedAt = this.#deps.clock.now();
    this.#runningSince = startedAt;
    try {
      const result = await this.#loop.run();
      if (result?.broken !== undefined) this.#fail(result.broken);
      else if (this.#failures > 0) {
        this.#deps.onRecovered(name, this.#failures);
        this.#failures = 0;
      }
      return result?.inMs;
    } catch (error) {
      this.#fail(error);
      return undefined;
    } finally {
      this.#runningSince = undefined;
      this.#lastRun = { startedAt, durationMs: this.#deps.clock.now() - startedAt };
    }
  }
}
