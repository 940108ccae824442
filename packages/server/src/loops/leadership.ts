import type { Group } from '../domain/commit/tickets.js';

export interface LeadershipDeps {
  /** Unlike any other server's. */
  holder: string;
  /** For how long the lead lasts without being kept, in milliseconds. */
  ttlMs: number;
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
}

/**
 * Which of several servers does the background work: the one whose name stands in the leader row, until the time that stands there
 * by the database's clock. A server that is slow to notice its end may run a loop beside the next leader; every loop is right then
 * too, for it changes rows only as the database finds them.
 */
export class Leadership {
  readonly #deps: LeadershipDeps;
  #leads = false;

  constructor(deps: LeadershipDeps) {
    this.#deps = deps;
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Takes the lead when nobody has it, keeps it when this server has. */
  async keep(): Promise<void> {
    const { holder, ttlMs, inGroup } = this.#deps;
    try {
      this.#leads = (await inGroup(({ tx, now }) => tx.lead(holder, ttlMs, now))).leads;
    } catch (error) {
      this.#leads = false; // whoever reaches the database may lead
      throw error;
    }
  }

  /** Lets another server take over at once. */
  async resign(): Promise<void> {
    if (!this.#leads) return;
    this.#leads = false;
    await this.#deps.inGroup(({ tx }) => tx.resign(this.#deps.holder));
  }
}
