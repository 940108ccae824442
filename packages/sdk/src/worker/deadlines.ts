import { after } from './timers.js';

export interface WithDeadline {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Watches the deadlines of the running jobs with one timer, set for the earliest: a timer for each job would cost more
 * than many a job itself. A job that ends leaves the timer alone; a timer that finds nothing due is set anew.
 */
export class Deadlines<Item extends WithDeadline> {
  readonly #running: ReadonlySet<Item>;
  readonly #onDue: (item: Item) => void;
  #dueAt = Number.POSITIVE_INFINITY;
  #callOff: (() => void) | undefined;

  constructor(running: ReadonlySet<Item>, onDue: (item: Item) => void) {
    this.#running = running;
    this.#onDue = onDue;
  }

  /** A job has started. */
  watch({ deadline }: Item): void {
    if (deadline < this.#dueAt) this.#arm(deadline);
  }

  #arm(dueAt: number): void {
    this.#callOff?.();
    this.#dueAt = dueAt;
    this.#callOff = after(Math.ceil(dueAt - performance.now()), () => this.#look());
  }

  #look(): void {
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const item of this.#running) {
      if (item.deadline <= now) this.#onDue(item);
      else next = Math.min(next, item.deadline);
    }
    this.#dueAt = Number.POSITIVE_INFINITY;
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }
}
