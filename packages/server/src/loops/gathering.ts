import type { Clock, Timer } from '../clock.js';
import type { Ms } from '../store/store.js';

/** Brings together what comes within a time: whoever waits goes on with all others who came since the first. */
export class Gathering {
  readonly #clock: Pick<Clock, 'setTimer'>;
  readonly #forMs: Ms;
  #isOver = false;
  #next: { all: Promise<void>; go(): void; timer: Timer } | undefined;

  constructor(clock: Pick<Clock, 'setTimer'>, forMs: Ms) {
    this.#clock = clock;
    this.#forMs = forMs;
  }

  async wait(): Promise<void> {
    if (this.#isOver || this.#forMs === 0) return;
    this.#next ??= this.#begin();
    await this.#next.all;
  }

  /** From now on nobody waits. */
  end(): void {
    this.#isOver = true;
    this.#next?.timer.cancel();
    this.#next?.go();
  }

  #begin(): { all: Promise<void>; go(): void; timer: Timer } {
    let go = (): void => {};
    const all = new Promise<void>((resolve) => {
      go = resolve;
    });
    const timer = this.#clock.setTimer(() => {
      this.#next = undefined;
      go();
    }, this.#forMs);
    return { all, go, timer };
  }
}
