import type { ClaimedStage } from '../../store/store.js';
import type { LeaseTicket } from '../commit/tickets.js';

export interface Dealt {
  dealt: { ticket: LeaseTicket; stage: ClaimedStage }[];
  /** Claimed, but too large for the answers that still have room. */
  left: ClaimedStage[];
}

const JOB_OVERHEAD_BYTES = 1_000; // ids, names, times of one job on the wire

/**
 * Deals claimed stages to pulls one by one in turn, so that several idle workers share what arrives instead of the first taking
 * all. A pull stops filling at `maxBytes`, but always takes one.
 */
export function deal(
  tickets: readonly LeaseTicket[],
  claimed: readonly ClaimedStage[],
  maxBytes: number,
  sizeOf: (stage: ClaimedStage) => number,
): Dealt {
  const line = tickets.map((ticket) => ({ ticket, jobs: 0, bytes: 0 })); // whose turn it is stands first
  const dealt: Dealt['dealt'] = [];
  const left: ClaimedStage[] = [];
  for (const stage of claimed) {
    const bytes = sizeOf(stage) + JOB_OVERHEAD_BYTES;
    let hand = line.shift();
    while (hand && isFull(hand, bytes, maxBytes)) hand = line.shift();
    if (!hand) {
      left.push(stage);
      continue;
    }
    hand.jobs += 1;
    hand.bytes += bytes;
    dealt.push({ ticket: hand.ticket, stage });
    line.push(hand);
  }
  return { dealt, left };
}

const isFull = (hand: { ticket: LeaseTicket; jobs: number; bytes: number }, next: number, maxBytes: number): boolean =>
  hand.jobs >= hand.ticket.maxJobs || (hand.jobs > 0 && hand.bytes + next > maxBytes);
