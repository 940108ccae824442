import type { Clock, Timer } from '../../clock.js';
import type { Ms, ReadyWork, Store } from '../../store/store.js';
import type { Holder } from '../stage/settle.js';
import type { LeasedJob } from '../use-cases.js';
import { addReady, type Effects, readyKey } from './effects.js';
import { type GroupDeps, runGroup } from './group.js';
import { type QueueLimits, TicketQueue } from './queue.js';
import { refusalOf } from './refusal.js';
import type { LeaseTicket, Ticket } from './tickets.js';
import { Waiters } from './waiters.js';

export interface CommitterDeps extends Omit<GroupDeps, 'takeWaiters'> {
  store: Store;
  clock: Clock;
  limits: QueueLimits;
  /** Told after each commit. */
  onCommitted(committed: { effects: Effects; now: Ms; tickets: number; durationMs: Ms }): void;
  /** Jobs were leased for a caller that is gone. */
  onUndeliverable(holder: Holder, jobs: LeasedJob[]): void;
  /** A failure that callers see as 503 or 500; told once per group. */
  onFailure(error: unknown): void;
  /** Where it is told what requests wait for: groups are no request's own, and each request notes its own wait. */
  work?: { apart(run: () => void): void; awaiting<R>(commit: Promise<R>): Promise<R> } | undefined;
}

/** A ticket before the committer gives it its promise. */
export type Draft<T extends Ticket> = Omit<T, 'resolve' | 'reject' | 'result'>;
const NONE: ReadonlySet<LeaseTicket> = new Set();
type ResultOf<T extends Ticket> = Parameters<T['resolve']>[0];

function sum(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (other.size === 0) return one;
  const both = new Map(one);
  for (const [key, count] of other) addReady(both, key, count);
  return both;
}

/**
 * Gathers what arrives while the last commit runs and commits it as one transaction; every caller then gets its own result, after
 * COMMIT. Modes:
 * - open: takes tickets. `stopLeasing` moves on to
 * - settling: parked and new pulls are answered with no jobs; everything else goes on. `drain` waits until nothing is queued.
 * Group, commit and answers never overlap: at most one group runs.
 */
export class Committer {
  readonly #deps: CommitterDeps;
  readonly #queue: TicketQueue;
  readonly #waiters = new Waiters();
  readonly #timers = new Map<LeaseTicket, Timer>();
  readonly #answered = new WeakSet<LeaseTicket>();
  /** Work that another server made ready, for the pulls that wait here. */
  #hints = new Map<string, number>();
  #mode: 'open' | 'settling' = 'open';
  #running = false;
  #committingSince: Ms | undefined;
  #idle: (() => void)[] = [];

  constructor(deps: CommitterDeps) {
    this.#deps = deps;
    this.#queue = new TicketQueue(deps.limits);
  }

  /** Queues a request. Rejects with `overloaded`, `store_unavailable`, `outcome_unknown` or what its step threw. */
  submit<T extends Ticket>(draft: Draft<T>): Promise<ResultOf<T>> {
    const result = this.#queued(draft);
    return this.#deps.work ? this.#deps.work.awaiting(result) : result;
  }

  #queued<T extends Ticket>(draft: Draft<T>): Promise<ResultOf<T>> {
    return new Promise((resolve, reject) => {
      const ticket = draft as T; // completed in place: a copy of each would cost more than the queue
      ticket.resolve = resolve;
      ticket.reject = reject;
      if (ticket.kind === 'lease' && this.#mode === 'settling') return resolve([] as ResultOf<T>);
      try {
        this.#queue.push(ticket);
      } catch (error) {
        return reject(error);
      }
      this.#schedule();
    });
  }

  get queued(): number {
    return this.#queue.length;
  }

  /** Bytes of what is queued, about. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }
  get parked(): number {
    return this.#waiters.size;
  }

  /** Begin of the commit under way. */
  get committingSince(): Ms | undefined {
    return this.#committingSince;
  }

  /** What the waiting pulls wait for, and how many of them. */
  awaited(): ReadyWork[] {
    return this.#waiters.awaited();
  }

  /** Another server made this work ready: as many of the pulls that wait for it here look again. */
  wake(ready: readonly ReadyWork[]): void {
    if (this.#waiters.size === 0) return;
    for (const { applicationId, handler, count } of ready) addReady(this.#hints, readyKey(applicationId, handler), count);
    if (this.#hints.size > 0) this.#schedule();
  }

  /** From now on nothing is leased; pulls that wait are answered at once. */
  stopLeasing(): void {
    this.#mode = 'settling';
    for (const ticket of this.#waiters.all()) this.#answer(ticket, []);
  }

  /** Resolves when nothing is queued or running. */
  drain(): Promise<void> {
    if (!this.#running && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#running) return;
    this.#running = true;
    // One turn of the event loop between groups: the sockets that are ready are read first and join this group.
    const begin = () => void setImmediate(() => void this.#runNext());
    if (this.#deps.work) this.#deps.work.apart(begin);
    else begin();
  }

  async #runNext(): Promise<void> {
    const tickets = this.#queue.takeGroup();
    await this.#commit(tickets);
    if (this.#queue.length > 0 || this.#hints.size > 0) {
      setImmediate(() => void this.#runNext());
      return;
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #commit(tickets: Ticket[]): Promise<void> {
    const leasing = this.#mode === 'open';
    const live = tickets.filter((ticket) => !this.#isOver(ticket));
    const hints = this.#hints;
    this.#hints = new Map();
    if (live.length === 0 && this.#waiters.firstFor(hints, NONE).length === 0) return; // the pulls that would look have gone
    const woken: LeaseTicket[] = [];
    const takeWaiters: GroupDeps['takeWaiters'] = (ready, except) => {
      if (except.size === 0) woken.length = 0; // the group begins, or begins again
      const waiters = leasing ? this.#waiters.firstFor(except.size === 0 ? sum(ready, hints) : ready, except) : [];
      woken.push(...waiters);
      return waiters;
    };
    const startedAt = this.#deps.clock.monotonic();
    this.#committingSince = this.#deps.clock.now();
    try {
      const canWait = hints.size === 0 && live.length > 0 && live.every((ticket) => ticket.kind === 'operate' && ticket.canWait);
      const effects = await runGroup({ ...this.#deps, takeWaiters }, live, { canWait });
      this.#settleTickets([...live, ...woken]);
      for (const { workerId, upTo } of effects.endedPulls) this.#endPulls(workerId, upTo);
      this.#deps.onCommitted({
        effects,
        now: effects.now,
        tickets: live.length,
        durationMs: this.#deps.clock.monotonic() - startedAt,
      });
    } catch (error) {
      this.#deps.onFailure(error);
      const refusal = refusalOf(this.#deps.store.failureOf(error), error);
      for (const ticket of [...live, ...woken]) {
        if (ticket.kind === 'lease') this.#unpark(ticket);
        ticket.reject(refusal);
      }
    } finally {
      this.#committingSince = undefined;
    }
  }

  /** A pull whose caller has gone is answered before it claims anything. */
  #isOver(ticket: Ticket): boolean {
    if (ticket.kind !== 'lease') return false;
    if (this.#mode === 'open' && !ticket.signal.aborted) return false;
    ticket.resolve([]);
    return true;
  }

  #settleTickets(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      if (ticket.result instanceof Error) {
        if (ticket.kind === 'lease') this.#unpark(ticket);
        ticket.reject(ticket.result);
      } else if (ticket.kind === 'lease') this.#leased(ticket, ticket.result ?? []);
      else ticket.resolve(ticket.result as never);
    }
  }

  #leased(ticket: LeaseTicket, jobs: LeasedJob[]): void {
    // Its caller left, or its wait ended, while the group ran: the jobs go back at once, no attempt spent.
    if (ticket.signal.aborted || this.#answered.has(ticket)) {
      if (jobs.length > 0) this.#deps.onUndeliverable(ticket.holder, jobs);
      this.#answer(ticket, []);
      return;
    }
    // A pull with an older number could only repeat itself from now on: it must not stand in line for others' work.
    if (jobs.length > 0) this.#endPulls(ticket.holder.workerId, ticket.pullSeq - 1);
    const waits = jobs.length === 0 && ticket.waitMs > 0 && this.#mode === 'open' && !ticket.final;
    if (!waits) this.#answer(ticket, jobs);
    else if (!this.#waiters.has(ticket)) this.#park(ticket); // a woken one keeps its place
  }

  #park(ticket: LeaseTicket): void {
    this.#endPulls(ticket.holder.workerId, ticket.pullSeq); // a repetition takes the place of a pull whose caller is lost
    this.#waiters.add(ticket);
    this.#timers.set(
      ticket,
      this.#deps.clock.setTimer(() => this.#answer(ticket, []), ticket.waitMs),
    );
    ticket.signal.addEventListener('abort', () => this.#answer(ticket, []), { once: true });
  }

  #endPulls(workerId: number, upTo: number): void {
    for (const ticket of this.#waiters.ofWorker(workerId)) if (ticket.pullSeq <= upTo) this.#answer(ticket, []);
  }

  #answer(ticket: LeaseTicket, jobs: LeasedJob[]): void {
    this.#unpark(ticket);
    this.#answered.add(ticket);
    ticket.resolve(jobs);
  }

  #unpark(ticket: LeaseTicket): void {
    this.#waiters.remove(ticket);
    this.#timers.get(ticket)?.cancel();
    this.#timers.delete(ticket);
  }
}
