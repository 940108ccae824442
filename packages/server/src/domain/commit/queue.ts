import { DomainError } from '../errors.js';
import type { Ticket } from './tickets.js';

export interface QueueLimits {
  /** Rows and bytes of one group. */
  groupMaxRows: number;
  groupMaxBytes: number;
  /** Bytes waiting before new work is refused. */
  queueMaxBytes: number;
}

const OVERHEAD_BYTES = 200; // of a ticket that carries no payload
const RETRY_AFTER_MS = 1_000;
/** Settles, heartbeats and actions finish or free work, so they may fill what creates and pulls may not. */
const RESERVE = 1.25;
/** Of the queue that the waiting work of one application may fill with creates and pulls: the rest is kept for others. */
const SHARE = 0.5;
/** Background work is in one of this many groups when every group has other work. */
const GROUPS_PER_BACKGROUND = 20;

/**
 * What waits for the next group: one line per application, served round robin, so that one tenant's flood
 * delays only itself, and half of the room is for others.
 * Heartbeats have lines of their own: behind a backlog of creates they would come too late for their leases.
 *
 * Background work has one line for all. Its tickets go one a group: alone when nothing else waits, and first in every 20th group
 * when there is always something else, so that a flood delays it and never stops it. Groups stay short for those who wait.
 */
export class TicketQueue {
  readonly #limits: QueueLimits;
  readonly #lines = new Map<number, Ticket[]>();
  readonly #background: Ticket[] = [];
  /** Groups without background work while some of it waited. */
  #passedOver = 0;
  #bytes = 0;
  /** Of each application that has something waiting, background work left out. */
  readonly #bytesOf = new Map<number, number>();
  #length = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws DomainError `overloaded` when the queue is full, or the application's share of it. */
  push(ticket: Ticket): void {
    const grows = ticket.kind === 'create' || ticket.kind === 'lease' || (ticket.kind === 'operate' && ticket.grows === true);
    const bytes = this.#bytes + cost(ticket);
    const { queueMaxBytes } = this.#limits;
    if (bytes > queueMaxBytes * (grows ? 1 : RESERVE)) throw full('The server has more work waiting than it may hold');
    const own = this.#bytesOf.get(ticket.applicationId) ?? 0;
    if (grows && own > 0 && own + cost(ticket) > queueMaxBytes * SHARE) {
      throw full('This application has more work waiting than its share of the queue');
    }
    this.#bytes = bytes;
    this.#length += 1;
    if (isBackground(ticket)) {
      this.#background.push(ticket);
      return;
    }
    this.#bytesOf.set(ticket.applicationId, own + cost(ticket));
    const line = this.#lines.get(lineOf(ticket));
    if (line) line.push(ticket);
    else this.#lines.set(lineOf(ticket), [ticket]);
  }

  /** Removes and returns the next group: at least one ticket, then as many as fit. Within an application the order holds. */
  takeGroup(): Ticket[] {
    const group: Ticket[] = [];
    const room = { rows: this.#limits.groupMaxRows, bytes: this.#limits.groupMaxBytes };
    const take = (ticket: Ticket): void => {
      room.rows -= ticket.rows;
      room.bytes -= ticket.bytes;
      group.push(ticket);
    };
    const background = this.#takeBackground();
    if (background) take(background);
    const heads = new Map<number, number>();
    const open = new Set(this.#lines.keys());
    while (open.size > 0) {
      for (const line of open) {
        const head = heads.get(line) ?? 0;
        const ticket = this.#lines.get(line)?.[head];
        const fits = ticket && (group.length === 0 || (ticket.rows <= room.rows && ticket.bytes <= room.bytes));
        if (!fits) {
          open.delete(line);
          continue;
        }
        heads.set(line, head + 1);
        take(ticket);
      }
    }
    for (const [line, count] of heads) this.#drop(line, count);
    return group;
  }

  #takeBackground(): Ticket | undefined {
    if (this.#background.length === 0) return undefined;
    this.#passedOver += 1;
    if (this.#lines.size > 0 && this.#passedOver < GROUPS_PER_BACKGROUND) return undefined;
    this.#passedOver = 0;
    const ticket = this.#background.shift() as Ticket;
    this.#bytes -= cost(ticket);
    this.#length -= 1;
    return ticket;
  }

  #drop(key: number, count: number): void {
    const line = this.#lines.get(key) ?? [];
    const taken = line.splice(0, count);
    for (const ticket of taken) this.#forget(ticket);
    this.#length -= taken.length;
    this.#lines.delete(key);
    if (line.length > 0) this.#lines.set(key, line); // last in line for the next group
  }

  #forget(ticket: Ticket): void {
    this.#bytes -= cost(ticket);
    const left = (this.#bytesOf.get(ticket.applicationId) ?? 0) - cost(ticket);
    if (left > 0) this.#bytesOf.set(ticket.applicationId, left);
    else this.#bytesOf.delete(ticket.applicationId);
  }
}

const full = (why: string): DomainError =>
  new DomainError('overloaded', `${why}; try again shortly.`, { retryAfterMs: RETRY_AFTER_MS });

const lineOf = (ticket: Ticket): number => (ticket.kind === 'extend' ? -ticket.applicationId : ticket.applicationId);

const isBackground = (ticket: Ticket): boolean => ticket.kind === 'operate' && ticket.background === true;

const cost = (ticket: Ticket): number => ticket.bytes + OVERHEAD_BYTES;
