import { applyStageChanges } from '../commit/stage-changes.js';
import type { Group } from '../commit/tickets.js';
import type { Holder } from './settle.js';
import { release } from './transitions.js';

/** Gives back the jobs of pulls whose answers never arrived and that will not be repeated. No attempt is spent. */
export async function abandonPulls(group: Group, holder: Holder, pullSeqs: number[]): Promise<void> {
  const held = await group.tx.deliveriesOfPulls(holder.workerId, pullSeqs);
  const rows = await group.tx.deliveries(held.map((stage) => stage.id));
  const changes = rows.map((stage) => ({ stage, change: release(stage, group.now, group.now) }));
  await applyStageChanges(group.tx, group.now, group.effects, changes);
}
