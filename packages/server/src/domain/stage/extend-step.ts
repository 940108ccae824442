import type { LeaseLostReason } from '@pipelogiq/protocol';
import type { DeliveryRow, Tx } from '../../store/store.js';
import type { Extended, ExtendTicket, Group } from '../commit/tickets.js';
import { isId } from '../ids.js';
import { type Holder, lostReason } from './settle.js';

export interface ExtendDeps {
  leaseMs: number;
}

/** Notes the beats of workers, gives every lease that is still held leaseMs from now, and says why the others are lost. */
export async function extendStep(group: Group, tickets: ExtendTicket[], { leaseMs }: ExtendDeps): Promise<void> {
  const beats = new Map(tickets.map(({ beat }) => [beat.id, { ...beat, last_seen_at: group.now }]));
  const workers = await group.tx.workerOrders([...beats.keys()].sort((one, other) => one - other));
  noteUse(group, tickets, workers, leaseMs);
  await group.tx.touchWorkers([...beats.values()].sort(byId));
  const refs = tickets.flatMap(({ holder, jobs }) =>
    jobs
      .filter(({ id }) => isId(id)) // no other text could be asked of the database
      .map(({ id, fencingToken }) => ({ id: Number(id), fencing_token: fencingToken, worker_id: holder.workerId })),
  );
  refs.sort(byId);
  const kept = new Set(
    (await group.tx.extendLeases(refs, group.now + leaseMs)).map((row) => `${row.id}.${row.fencing_token}.${row.worker_id}`),
  );
  const missing = refs.filter((ref) => !kept.has(`${ref.id}.${ref.fencing_token}.${ref.worker_id}`));
  const reasons = await whyLost(group.tx, missing);
  const orders = new Map(workers.map((worker) => [worker.id, worker.order_given]));
  for (const ticket of tickets) {
    const result: Extended = { order: orders.get(ticket.holder.workerId) ?? 'stop', extended: [], lost: [] };
    for (const { id, fencingToken } of ticket.jobs) {
      if (kept.has(`${id}.${fencingToken}.${ticket.holder.workerId}`)) result.extended.push({ id, leaseMs });
      else {
        const reason = reasons(id, fencingToken, ticket.holder);
        result.lost.push({ id, fencingToken, reason });
        group.effects.counts.add({ kind: 'lost', applicationId: ticket.holder.applicationId, reason, call: 'heartbeat' });
      }
    }
    ticket.result = result;
    const { beat, holder } = ticket;
    group.effects.workers.push({
      kind: 'beat',
      applicationId: holder.applicationId,
      workerId: beat.id,
      inFlight: beat.in_flight,
    });
  }
}

/**
 * How much of a worker was in use since its last beat: what is in flight now, of what it can take. Work that begins and ends between two
 * beats is missed as often as work is met that was not there for all that time. Silence for longer than a lease is no time at work.
 */
function noteUse(
  { now, effects }: Group,
  tickets: readonly ExtendTicket[],
  workers: Awaited<ReturnType<Tx['workerOrders']>>,
  leaseMs: number,
): void {
  const beats = new Map(tickets.map((ticket) => [ticket.beat.id, ticket]));
  for (const { id, pool, concurrency, last_seen_at } of workers) {
    const ticket = beats.get(id);
    const elapsed = now - last_seen_at;
    if (!ticket || concurrency === null || elapsed <= 0 || elapsed > leaseMs) continue;
    const busy = Math.min(ticket.beat.in_flight, concurrency);
    const { applicationId } = ticket.holder;
    effects.samples.used({ applicationId, pool, slotMs: concurrency * elapsed, busyMs: busy * elapsed });
  }
}

/** The order in which rows are locked, everywhere. */
const byId = (one: { id: number }, other: { id: number }): number => one.id - other.id;

type WhyLost = (id: string, fencingToken: number, holder: Holder) => LeaseLostReason;

async function whyLost(tx: Tx, refs: { id: number; fencing_token: number }[]): Promise<WhyLost> {
  if (refs.length === 0) return () => 'superseded';
  const rows = new Map((await tx.deliveries([...new Set(refs.map((ref) => ref.id))])).map((row) => [row.id, row]));
  const archived = await tx.archivedOutcomes(refs.map((ref) => ({ id: ref.id, fencingToken: ref.fencing_token })));
  const outcomes = new Map(archived.map((row) => [`${row.stage_id}.${row.fencing_token}`, row.outcome]));
  return (id, fencingToken, holder) => {
    const row = rows.get(Number(id));
    if (!row || row.application_id !== holder.applicationId) return 'superseded'; // says nothing about another tenant's stage
    // The current delivery, and not this worker's. A rerun or a skip archives it, and it is an old one then.
    if (row.fencing_token === fencingToken && row.outcome !== null && row.worker_id !== holder.workerId) return 'superseded';
    return lostReason(outcomeOf(row, fencingToken, outcomes.get(`${id}.${fencingToken}`) ?? null));
  };
}

const outcomeOf = (row: DeliveryRow, fencingToken: number, archived: DeliveryRow['outcome']): DeliveryRow['outcome'] =>
  row.fencing_token === fencingToken ? (row.outcome ?? archived) : archived;
