import type { SettleResult } from '@pipelogiq/protocol';
import type { DeliveryRow } from '../../store/store.js';
import { applyStageChanges, type DecidedChange } from '../commit/stage-changes.js';
import type { Group, SettleTicket } from '../commit/tickets.js';
import { afterTheEnd, decideSettle, leaseLost, refOf, type SettleDecision } from './settle.js';

export interface SettleDeps {
  random(): number;
}

/** Settles of many jobs: read them once, decide each, write all changes together. */
export async function settleStep(group: Group, tickets: SettleTicket[], deps: SettleDeps): Promise<void> {
  const rows = new Map((await group.tx.deliveries(idsOf(tickets))).map((row) => [row.id, row]));
  const changes: DecidedChange[] = [];
  const decidedTokens = new Map<string, SettleTicket>();
  const archived: SettleTicket[] = [];
  const repeats: SettleTicket[] = [];
  for (const ticket of tickets) {
    const ref = refOf(ticket.settle);
    const stage = rows.get(Number(ref.id));
    const key = `${ref.id}.${ref.fencingToken}`;
    if (decidedTokens.has(key)) {
      repeats.push(ticket); // the same delivery twice in one group: the first wins
      continue;
    }
    const decision = decideSettle(stage, ticket.holder, ticket.settle, group.now, deps.random);
    if (decision.kind === 'archived') archived.push(ticket);
    else ticket.result = answer(ref.id, decision);
    if (decision.kind !== 'change' || !stage) continue;
    decidedTokens.set(key, ticket);
    changes.push({ change: decision.change, stage });
  }
  await applyStageChanges(group.tx, group.now, group.effects, changes);
  await commitContext(group, changes, tickets);
  await answerFromArchive(group, archived, rows);
  for (const ticket of repeats) ticket.result = repeatInGroup(ticket, decidedTokens, changes);
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

/** Context writes count only with the ack that completes the stage; of two stages that write one key the later commit wins. */
async function commitContext(group: Group, changes: DecidedChange[], tickets: SettleTicket[]): Promise<void> {
  const completed = new Map(
    changes.filter(({ change }) => change.to === 'completed').map(({ change, stage }) => [change.id, stage.pipeline_id]),
  );
  const rows = tickets.flatMap((ticket) => {
    const pipelineId = completed.get(Number(refOf(ticket.settle).id));
    const { result } = ticket;
    const counts = pipelineId !== undefined && result && !(result instanceof Error) && 'status' in result && !result.repeated;
    return counts ? ticket.context.map((item) => ({ ...item, pipeline_id: pipelineId, updated_at: group.now })) : [];
  });
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
