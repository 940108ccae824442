import type { DeliveryRow } from '../../store/store.js';
import type { DecidedChange } from '../commit/stage-changes.js';
import type { Group, SettleTicket } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { pipelineOf } from '../ids.js';
import { addStages } from '../pipeline/added-stages.js';
import { loadPipeline } from '../pipeline/change-graph.js';
import { refOf } from './settle.js';
import { fail } from './transitions.js';

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
  for (const ticket of tickets) {
    const { settle, holder, result } = ticket;
    if (settle.kind !== 'ack' || settle.spawn === undefined || !result || result instanceof Error) continue;
    const id = Number(refOf(settle).id);
    const at = changes.findIndex(({ change }) => change.id === id && change.to === 'completed');
    const row = rows.get(id);
    if (at < 0 || !row || !('status' in result) || result.repeated) continue;
    try {
      if (settle.spawn instanceof DomainError) throw settle.spawn;
      const loaded = await loadPipeline(group, holder.applicationId, pipelineOf(id));
      const spawner = loaded.stages.find((stage) => stage.id === id);
      if (spawner) await addStages(group, loaded, settle.spawn, spawner);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const failed = fail(row, { code: 'spawn_invalid', message: error.message }, group.now);
      changes[at] = { ...(changes[at] as DecidedChange), change: failed };
      ticket.result = { id: refOf(settle).id, status: 'failed', failedBecause: 'spawn_invalid' };
    }
  }
}
