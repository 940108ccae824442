import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClaimedStage } from '../../store/store.js';
import type { LeaseTicket } from '../commit/tickets.js';
import { deal } from './deal.js';

const OVERHEAD = 1_000;
const aTicket = (maxJobs: number) => ({ maxJobs }) as LeaseTicket;
const aStage = (id: number, bytes: number) => ({ id, input_bytes: bytes }) as ClaimedStage;
const sizeOf = (stage: ClaimedStage) => stage.input_bytes;

const cases = fc.record({
  room: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 6 }),
  sizes: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 40 }),
  maxBytes: fc.integer({ min: 1_000, max: 60_000 }),
});

it('deals each stage once, keeps to the jobs and bytes of each pull, and leaves only what fits nowhere', () => {
  fc.assert(
    fc.property(cases, ({ room, sizes, maxBytes }) => {
      const stages = sizes.map((bytes, id) => aStage(id, bytes));
      const { dealt, left } = deal(room.map(aTicket), stages, maxBytes, sizeOf);
      expect([...dealt.map(({ stage }) => stage.id), ...left.map((stage) => stage.id)].sort((a, b) => a - b)).toEqual(
        stages.map((stage) => stage.id),
      );
      for (const ticket of new Set(dealt.map((item) => item.ticket))) {
        const hand = dealt.filter((item) => item.ticket === ticket).map(({ stage }) => stage.input_bytes + OVERHEAD);
        expect(hand.length).toBeLessThanOrEqual(ticket.maxJobs);
        if (hand.length > 1) expect(hand.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes);
      }
    }),
  );
});

it('deals everything there is room for when bytes do not matter, and to none two more than to another with room', () => {
  fc.assert(
    fc.property(cases, ({ room, sizes }) => {
      const stages = sizes.map((_, id) => aStage(id, 0));
      const tickets = room.map(aTicket);
      const { dealt } = deal(tickets, stages, Number.POSITIVE_INFINITY, sizeOf);
      const all = room.reduce((sum, jobs) => sum + jobs, 0);
      expect(dealt).toHaveLength(Math.min(stages.length, all));
      const hands = tickets.map((ticket) => dealt.filter((item) => item.ticket === ticket).length);
      const most = Math.max(...hands);
      for (const [at, jobs] of hands.entries()) if (jobs < (room[at] ?? 0)) expect(most - jobs).toBeLessThanOrEqual(1);
    }),
  );
});
