import type { Clock, Timer } from '../clock.js';

interface Waiting {
  at: number;
  fn(): void;
}

const START = Date.UTC(2030, 0, 1);

/**
 * A clock that moves only when it is told to. Timers fire in order of their time; between two of them everything that the first
 * one set off is finished (`settle`).
 */
export class ManualClock implements Clock {
  #now: number;
  #state: number;
  readonly #timers = new Set<Waiting>();

  constructor({ now = START, seed = 1 }: { now?: number; seed?: number } = {}) {
    this.#now = now;
    this.#state = seed;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimer(fn: () => void, delayMs: number): Timer {
    const timer = { at: this.#now + Math.max(delayMs, 0), fn };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves time by `ms`, firing each timer at its time. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fn();
      await settle();
    }
    this.#now = end;
  }

  /** Sets the time without firing what lies between: a clock that was put right, or a process that was stopped. */
  jump(ms: number): void {
    this.#now += ms;
    // Timers count what passes, not what the clock shows: one that is set back delays none of them.
    if (ms < 0) for (const timer of this.#timers) timer.at += ms;
  }

  #next(end: number): Waiting | undefined {
    let first: Waiting | undefined;
    for (const timer of this.#timers) if (timer.at <= end && (!first || timer.at < first.at)) first = timer;
    return first;
  }

  /** mulberry32: the same seed gives the same run. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  randomBytes(bytes: number): Buffer {
    return Buffer.from(Array.from({ length: bytes }, () => Math.floor(this.random() * 256)));
  }

  randomHex(bytes: number): string {
    return this.randomBytes(bytes).toString('hex');
  }
}
