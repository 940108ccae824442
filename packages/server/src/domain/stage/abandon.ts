import { applyStageChanges } from '../commit/stage-changes.js';
import type { Group } from '../commit/tickets.js';
import type { Holder } from './settle.js';
import { release } from './transitions.js';

/**
 * Gives back the jobs of pulls whose answers never arrived and that will not be repeated; no attempt is spent. Such a pull may
 * still be on its way or waiting here: from now on it counts as answered.
 */
export async function abandonPulls(group: Group, holder: Holder, pullSeqs: number[]): Promise<void> {
  const last = Math.max(...pullSeqs);
  await group.tx.setLastPullSeq([{ workerId: holder.workerId, pullSeq: last }]);
  group.effects.endPulls(holder.workerId, last);
  const held = await group.tx.deliveriesOfPulls(holder.workerId, pullSeqs);
  await group.tx.lockPipelines([...new Set(held.map((stage) => stage.pipeline_id))]);
  const rows = (await group.tx.deliveries(held.map((stage) => stage.id))).filter((stage) => stage.worker_id === holder.workerId);
  const changes = rows.map((stage) => ({ stage, change: release(stage, group.now, group.now) }));
  await applyStageChanges(group.tx, group.now, group.effects, changes);
}
