import type { SettleResult } from '@pipelogiq/protocol';
import type { CompletedRow, Completion, ContextRow, DeliveryRow } from '../../store/store.js';
import { applyStageChanges, type DecidedChange } from '../commit/stage-changes.js';
import type { Group, SettleTicket } from '../commit/tickets.js';
import { isEmptyOutput } from './output.js';
import { afterTheEnd, decideSettle, leaseLost, refOf, type SettleDecision } from './settle.js';
import { spawnStep } from './spawn-step.js';

export interface SettleDeps {
  random(): number;
}

/**
 * Settles of many jobs. Acks whose lease is still held — nearly all — are completed by compare and set, unread. The rest is read
 * once, decided one by one, and written together. The group holds the locks of their pipelines.
 */
export async function settleStep(group: Group, tickets: SettleTicket[], deps: SettleDeps): Promise<void> {
  const completed = await completeHeld(group, tickets);
  const others = tickets.filter((ticket) => !ticket.result);
  const rows = new Map((await group.tx.deliveries(idsOf(others))).map((row) => [row.id, row]));
  const { changes, archived, repeats, first } = decideAll(group, others, rows, deps);
  await spawnStep(group, others, changes, rows);
  await applyStageChanges(group.tx, group.now, group.effects, changes, completed);
  const ended = [...completed, ...changes.filter(({ change }) => change.to === 'completed').map(({ stage }) => stage)];
  await commitReports(group, tickets, new Map(ended.map((stage) => [stage.id, stage])));
  await answerFromArchive(group, archived, rows);
  for (const ticket of repeats) ticket.result = repeatInGroup(ticket, first, changes);
  for (const ticket of others) countRefusal(group, ticket, rows);
}

function countRefusal(
  { effects: { counts } }: Group,
  { holder, settle, result }: SettleTicket,
  rows: ReadonlyMap<number, DeliveryRow>,
): void {
  if (!result || result instanceof Error || !('error' in result)) return;
  const { applicationId } = holder;
  const stage = rows.get(Number(refOf(settle).id));
  counts.add({ kind: 'refused', applicationId, handler: stage?.application_id === applicationId ? stage.handler : undefined });
  if (result.error.code === 'lease_lost')
    counts.add({ kind: 'lost', applicationId, reason: result.error.reason, call: 'settle' });
}

const keyOf = ({ settle }: SettleTicket): string => `${refOf(settle).id}.${refOf(settle).fencingToken}`;

async function completeHeld({ tx, now }: Group, tickets: SettleTicket[]): Promise<CompletedRow[]> {
  const seen = new Set<string>();
  const acks = new Map<string, SettleTicket>();
  const rows: Completion[] = [];
  for (const ticket of tickets) {
    const { settle, holder } = ticket;
    const { id, fencingToken } = refOf(settle);
    const key = heldKey(Number(id), fencingToken, holder.workerId);
    const isFirst = !seen.has(key); // of two settles of one delivery the first wins, whatever its kind
    seen.add(key);
    if (!isFirst || settle.kind !== 'ack' || settle.tooLarge !== undefined || settle.spawn) continue;
    acks.set(key, ticket);
    rows.push({
      id: Number(id),
      fencing_token: fencingToken,
      worker_id: holder.workerId,
      application_id: holder.applicationId,
      output: settle.output,
      is_empty: isEmptyOutput(settle.output) ? 1 : 0,
    });
  }
  const completed = await tx.completeDeliveries(rows, now);
  for (const { id, fencing_token, worker_id } of completed) {
    const ticket = acks.get(heldKey(id, fencing_token, worker_id ?? 0));
    if (ticket) ticket.result = { id: String(id), status: 'completed' };
  }
  return completed;
}

/** A worker belongs to one application, so these three name the holder's delivery. */
const heldKey = (id: number, fencingToken: number, workerId: number): string => `${id}.${fencingToken}.${workerId}`;

interface Decided {
  changes: DecidedChange[];
  /** The settle that decided each delivery. */
  first: ReadonlyMap<string, SettleTicket>;
  archived: SettleTicket[];
  repeats: SettleTicket[];
}

function decideAll(group: Group, tickets: SettleTicket[], rows: ReadonlyMap<number, DeliveryRow>, deps: SettleDeps): Decided {
  const changes: DecidedChange[] = [];
  const first = new Map<string, SettleTicket>();
  const archived: SettleTicket[] = [];
  const repeats: SettleTicket[] = [];
  for (const ticket of tickets) {
    const { id } = refOf(ticket.settle);
    const stage = rows.get(Number(id));
    if (first.get(keyOf(ticket))?.holder.workerId === ticket.holder.workerId) {
      repeats.push(ticket); // anyone else's settle of the same delivery is judged like any other
      continue;
    }
    const decision = decideSettle(stage, ticket.holder, ticket.settle, group.now, deps.random);
    if (decision.kind === 'archived') archived.push(ticket);
    else ticket.result = answer(id, decision);
    if (decision.kind !== 'change' || !stage) continue;
    first.set(keyOf(ticket), ticket);
    changes.push({ change: decision.change, stage });
  }
  return { changes, first, archived, repeats };
}

const idsOf = (tickets: SettleTicket[]): number[] => [...new Set(tickets.map((ticket) => Number(refOf(ticket.settle).id)))];

function answer(id: string, decision: Exclude<SettleDecision, { kind: 'archived' }>): SettleResult {
  switch (decision.kind) {
    case 'change': {
      const { change, failedBecause } = decision;
      return failedBecause ? { id, status: change.to, failedBecause } : { id, status: change.to };
    }
    case 'repeated':
      return { id, status: decision.status, repeated: true };
    case 'lost':
      return leaseLost(id, decision.reason);
    case 'unknown':
      return { id, error: { code: 'not_found', message: 'There is no such job.' } };
  }
}

/**
 * Context writes and measures count only with the ack that completes the stage, and once; of two stages that write one key the later
 * commit wins.
 */
async function commitReports(
  group: Group,
  tickets: SettleTicket[],
  completed: ReadonlyMap<number, Pick<DeliveryRow, 'application_id' | 'pipeline_id' | 'handler'>>,
): Promise<void> {
  const rows: ContextRow[] = [];
  for (const { context, settle, result } of tickets) {
    const measures = settle.kind === 'ack' ? settle.ack.measures : undefined;
    if (context.length === 0 && !measures) continue;
    if (!result || result instanceof Error || !('status' in result) || result.repeated) continue;
    const stage = completed.get(Number(refOf(settle).id));
    if (!stage) continue;
    for (const item of context) rows.push({ ...item, pipeline_id: stage.pipeline_id, updated_at: group.now });
    group.effects.samples.measured(stage, measures);
  }
  await group.tx.putContext(rows);
}

async function answerFromArchive(group: Group, tickets: SettleTicket[], rows: ReadonlyMap<number, DeliveryRow>): Promise<void> {
  if (tickets.length === 0) return;
  const refs = tickets.map(({ settle }) => ({ id: Number(refOf(settle).id), fencingToken: refOf(settle).fencingToken }));
  const outcomes = new Map((await group.tx.archivedOutcomes(refs)).map((row) => [`${row.stage_id}.${row.fencing_token}`, row]));
  for (const ticket of tickets) {
    const { id, fencingToken } = refOf(ticket.settle);
    const ended = outcomes.get(`${id}.${fencingToken}`) ?? { outcome: null, error_code: null };
    const decision = afterTheEnd(ticket.settle, ended, rows.get(Number(id))?.status ?? 'pending');
    ticket.result = answer(id, decision as Exclude<SettleDecision, { kind: 'archived' }>);
  }
}

function repeatInGroup(ticket: SettleTicket, first: ReadonlyMap<string, SettleTicket>, changes: DecidedChange[]): SettleResult {
  const { id, fencingToken } = refOf(ticket.settle);
  const original = first.get(`${id}.${fencingToken}`);
  const change = changes.find((decided) => decided.change.id === Number(id))?.change;
  if (!change || original?.settle.kind !== ticket.settle.kind) return leaseLost(id, 'already_settled');
  return { id, status: change.to, repeated: true };
}
