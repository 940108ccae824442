import type { DeliveryRow, PipelineState } from '../../store/store.js';
import type { DecidedChange } from '../commit/stage-changes.js';
import type { Group, SettleTicket } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { pipelineOf } from '../ids.js';
import type { AddedStages } from '../pipeline/added-stages.js';
import { GrowingPipeline } from '../pipeline/growing-pipeline.js';
import { refOf } from './settle.js';
import { fail } from './transitions.js';

/** An ack that completes its stage, and what it adds. */
interface Spawn {
  ticket: SettleTicket;
  row: DeliveryRow;
  /** Of its change among the decided ones. */
  at: number;
  added: AddedStages | DomainError;
}

/**
 * Adds what acks spawn, before their stages count as done for those that depend on them. What cannot be added fails its stage for
 * good: the handler would only ask for the same again.
 */
export async function spawnStep(
  group: Group,
  tickets: readonly SettleTicket[],
  changes: DecidedChange[],
  rows: ReadonlyMap<number, DeliveryRow>,
): Promise<void> {
  const spawns = spawnsOf(tickets, changes, rows);
  const pipelines = new Map<number, Spawn[]>();
  for (const spawn of spawns) {
    const id = pipelineOf(spawn.row.id);
    const own = pipelines.get(id);
    if (own) own.push(spawn);
    else pipelines.set(id, [spawn]);
  }
  for (const [id, own] of pipelines) {
    const pipeline = await group.tx.pipelineState(id);
    if (pipeline) await spawnInto(group, pipeline, own, changes);
  }
}

function spawnsOf(
  tickets: readonly SettleTicket[],
  changes: readonly DecidedChange[],
  rows: ReadonlyMap<number, DeliveryRow>,
): Spawn[] {
  const spawning = tickets.filter(({ settle }) => settle.kind === 'ack' && settle.spawn !== undefined);
  if (spawning.length === 0) return [];
  const completing = new Map(changes.flatMap(({ change }, at) => (change.to === 'completed' ? [[change.id, at] as const] : [])));
  return spawning.flatMap((ticket): Spawn[] => {
    const { settle, result } = ticket;
    if (settle.kind !== 'ack' || settle.spawn === undefined || !result || result instanceof Error) return [];
    const id = Number(refOf(settle).id);
    const at = completing.get(id);
    const row = rows.get(id);
    if (at === undefined || !row || !('status' in result) || result.repeated) return [];
    return [{ ticket, row, at, added: settle.spawn }];
  });
}

async function spawnInto(
  group: Group,
  pipeline: PipelineState,
  spawns: readonly Spawn[],
  changes: DecidedChange[],
): Promise<void> {
  const additions = spawns.flatMap(({ added, row }) => (added instanceof DomainError ? [] : [{ added, spawnerId: row.id }]));
  const growing = await GrowingPipeline.open(group, pipeline, additions);
  for (const { ticket, row, at, added } of spawns) {
    try {
      if (added instanceof DomainError) throw added;
      await growing.add({ added, spawnerId: row.id });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const change = fail(row, { code: 'spawn_invalid', message: error.message }, group.now);
      changes[at] = { change, stage: row };
      ticket.result = { id: String(row.id), status: 'failed', failedBecause: 'spawn_invalid' };
    }
  }
  await growing.write();
}
