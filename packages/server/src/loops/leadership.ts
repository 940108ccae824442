import type { Clock } from '../clock.js';
import type { Group } from '../domain/commit/tickets.js';

export interface LeadershipDeps {
  /** Unlike any other server's. */
  holder: string;
  /** For how long the lead lasts without being kept, in milliseconds. */
  ttlMs: number;
  clock: Pick<Clock, 'now'>;
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
}

/**
 * Which of several servers does the background work: the one whose name stands in the leader row, until the time that stands there
 * by the database's clock. A server that is slow to notice its end may run a loop beside the next leader; every loop is right then
 * too, for it changes rows only as the database finds them.
 */
export class Leadership {
  readonly #deps: LeadershipDeps;
  /** By this process's clock, which measures the same duration from an earlier moment. */
  #leadsUntil = Number.NEGATIVE_INFINITY;

  constructor(deps: LeadershipDeps) {
    this.#deps = deps;
  }

  get leads(): boolean {
    return this.#deps.clock.now() < this.#leadsUntil;
  }

  /**
   * Takes the lead when nobody has it, keeps it when this server has. A failure changes nothing: the time runs out by itself.
   * @returns whether it leads now and did not before
   */
  async keep(): Promise<{ taken: boolean }> {
    const { holder, ttlMs, clock, inGroup } = this.#deps;
    const led = this.leads;
    const askedAt = clock.now();
    const { leads } = await inGroup(({ tx, now }) => tx.lead(holder, ttlMs, now));
    this.#leadsUntil = leads ? askedAt + ttlMs : Number.NEGATIVE_INFINITY;
    return { taken: leads && !led };
  }

  /** Lets another server take over at once. */
  async resign(): Promise<void> {
    if (!this.leads) return;
    this.#leadsUntil = Number.NEGATIVE_INFINITY;
    await this.#deps.inGroup(({ tx }) => tx.resign(this.#deps.holder));
  }
}
