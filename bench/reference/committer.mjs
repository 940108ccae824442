// Groups what arrived while the last commit ran into one transaction. Order in a group: settles, creates, leases; so a pull
// sees what the same group created, and a long-polling one is answered by the group that made its work.
export class Committer {
  #store;
  #creates = [];
  #pulls = [];
  /** Pulls that found nothing, oldest first. */
  #waiters = new Set();
  #scheduled = false;

  constructor(store) {
    this.#store = store;
  }

  /** Resolves after COMMIT with the new ids. */
  create(items) {
    return new Promise((resolve, reject) => {
      this.#creates.push({ items, resolve, reject });
      this.#schedule();
    });
  }

  /**
   * Resolves after COMMIT with `{jobs, settled?}`; a pull without acks may wait `waitMs` for work.
   * @param goneOf answers a signal of the caller's going, for one that has to wait: nobody would work off its jobs
   */
  pull({ handlers, maxJobs, waitMs = 0, settle }, goneOf) {
    const acks = settle?.acks ?? [];
    return new Promise((resolve, reject) => {
      this.#pulls.push({ handlers, maxJobs, waitMs: acks.length > 0 ? 0 : waitMs, acks, goneOf, resolve, reject });
      this.#schedule();
    });
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // The commit blocks this thread. What came in meanwhile is parsed in the next poll phase and is in the queue before the
    // next immediate runs: that is the whole grouping.
    setImmediate(() => {
      this.#scheduled = false;
      this.#commit();
    });
  }

  #commit() {
    const creates = this.#creates.splice(0);
    const pulls = this.#pulls.splice(0);
    const now = Date.now();
    let replies;
    try {
      replies = this.#store.transaction(() => this.#apply(creates, pulls, now));
    } catch (error) {
      for (const request of [...creates, ...pulls]) request.reject(error);
      return;
    }
    for (const [request, reply] of replies) this.#answer(request, reply);
  }

  #apply(creates, pulls, now) {
    const replies = [];
    const settled = pulls.map((pull) => pull.acks.map((ack) => this.#settle(ack, now)));
    for (const request of creates) {
      replies.push([request, request.items.map((item) => this.#store.create(item, now))]);
    }
    if (creates.length > 0) for (const waiter of this.#waiters) replies.push([waiter, { jobs: this.#lease(waiter, now) }]);
    pulls.forEach((pull, index) => {
      replies.push([pull, { jobs: this.#lease(pull, now), settled: settled[index] }]);
    });
    return replies;
  }

  #settle(ack, now) {
    return this.#store.complete(ack, now)
      ? { id: ack.id, status: 'completed' }
      : { id: ack.id, error: { code: 'lease_lost', reason: 'already_settled' } };
  }

  #lease({ handlers, maxJobs }, now) {
    const jobs = [];
    for (const handler of handlers) {
      if (jobs.length === maxJobs) break;
      for (const row of this.#store.claim(handler, maxJobs - jobs.length, now)) jobs.push({ handler, ...row });
    }
    return jobs;
  }

  #answer(request, reply) {
    const mustWait = reply.jobs?.length === 0 && request.waitMs > 0;
    if (!mustWait) {
      clearTimeout(request.timer);
      this.#waiters.delete(request);
      request.resolve(reply);
    } else if (!this.#waiters.has(request)) {
      this.#waiters.add(request);
      const end = () => {
        clearTimeout(request.timer);
        this.#waiters.delete(request);
        request.resolve(reply);
      };
      request.timer = setTimeout(end, request.waitMs);
      request.goneOf?.().addEventListener('abort', end);
    }
  }
}
