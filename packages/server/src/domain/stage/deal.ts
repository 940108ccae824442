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
  const hands = tickets.map((ticket) => ({ ticket, jobs: 0, bytes: 0 }));
  let open = hands;
  const dealt: Dealt['dealt'] = [];
  const left: ClaimedStage[] = [];
  let turn = 0;
  for (const stage of claimed) {
    const bytes = sizeOf(stage) + JOB_OVERHEAD_BYTES;
    open = open.filter((hand) => hand.jobs < hand.ticket.maxJobs && (hand.jobs === 0 || hand.bytes + bytes <= maxBytes));
    const hand = open[turn % Math.max(open.length, 1)];
    if (!hand) {
      left.push(stage);
      continue;
    }
    hand.jobs += 1;
    hand.bytes += bytes;
    dealt.push({ ticket: hand.ticket, stage });
    turn += 1;
  }
  return { dealt, left };
}
