import type { ReadyWork } from '../../store/store.js';
import { readyKey, readyWork } from './effects.js';
import type { LeaseTicket } from './tickets.js';

/**
 * Pulls that found nothing and wait. One is woken per stage that becomes ready, the longest waiting first; a woken one that still
 * finds nothing keeps its place.
 */
export class Waiters {
  /** Insertion order is age; a ticket stands under each of its handlers. */
  readonly #byHandler = new Map<string, Set<LeaseTicket>>();
  readonly #all = new Set<LeaseTicket>();
  readonly #byWorker = new Map<number, Set<LeaseTicket>>();

  get size(): number {
    return this.#all.size;
  }

  add(ticket: LeaseTicket): void {
    if (this.#all.has(ticket)) return; // a second add would not move it in its sets either
    this.#all.add(ticket);
    for (const key of keysOf(ticket)) addTo(this.#byHandler, key, ticket);
    addTo(this.#byWorker, ticket.holder.workerId, ticket);
  }

  has(ticket: LeaseTicket): boolean {
    return this.#all.has(ticket);
  }

  remove(ticket: LeaseTicket): boolean {
    if (!this.#all.delete(ticket)) return false;
    for (const key of keysOf(ticket)) removeFrom(this.#byHandler, key, ticket);
    removeFrom(this.#byWorker, ticket.holder.workerId, ticket);
    return true;
  }

  /** At most one waiter per ready stage, oldest first, none of `except`; they stay parked until they are removed. */
  firstFor(ready: ReadonlyMap<string, number>, except: ReadonlySet<LeaseTicket>): LeaseTicket[] {
    const taken = new Set<LeaseTicket>();
    for (const [key, count] of ready) {
      let left = count;
      for (const ticket of this.#byHandler.get(key) ?? []) {
        if (left === 0) break;
        if (taken.has(ticket) || except.has(ticket)) continue;
        taken.add(ticket);
        left -= 1;
      }
    }
    return [...taken];
  }

  /** What they wait for, and how many of them. */
  awaited(): ReadyWork[] {
    return [...this.#byHandler].map(([key, tickets]) => readyWork(key, tickets.size));
  }

  all(): LeaseTicket[] {
    return [...this.#all];
  }

  ofWorker(workerId: number): LeaseTicket[] {
    return [...(this.#byWorker.get(workerId) ?? [])];
  }
}

function addTo<Key>(sets: Map<Key, Set<LeaseTicket>>, key: Key, ticket: LeaseTicket): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(ticket));
}

function removeFrom<Key>(sets: Map<Key, Set<LeaseTicket>>, key: Key, ticket: LeaseTicket): void {
  const set = sets.get(key);
  set?.delete(ticket);
  if (set?.size === 0) sets.delete(key);
}

const keysOf = (ticket: LeaseTicket): string[] => ticket.handlers.map((handler) => readyKey(ticket.applicationId, handler));
