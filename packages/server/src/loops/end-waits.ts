import { perPipeline } from '../domain/commit/per-pipeline.js';
import { applyStageChanges } from '../domain/commit/stage-changes.js';
import type { Group } from '../domain/commit/tickets.js';
import { pipelineOf } from '../domain/ids.js';
import { decideWaitEnd } from '../domain/stage/wait.js';
import { ALIVE_AT } from './expire-leases.js';
import type { LoopResult } from './loop.js';

const BATCH = 500;

/**
 * Fails stages that no worker took within `pendingTimeoutMs`, and event stages that nobody completed within `timeoutMs`. After an
 * outage it leaves them alone until expire-leases has moved their time by the gap: nobody could take or complete them meanwhile.
 */
export async function endWaits(group: Group, { aliveGapMs }: { aliveGapMs: number }): Promise<LoopResult> {
  const { tx, now, effects } = group;
  const due = await tx.overdueWaits(now, BATCH);
  if (due.length > 0) {
    const aliveAt = await tx.getState(ALIVE_AT);
    if (aliveAt !== undefined && Math.abs(now - Number(aliveAt)) > aliveGapMs) return {};
    const broken = await perPipeline(group, due, async (ids) => {
      await tx.lockPipelines([...new Set(ids.map(pipelineOf))]);
      const stages = await tx.waitingStages(ids); // as they are under the lock: one may have been completed in between
      const changes = stages.flatMap((stage) => {
        const change = decideWaitEnd(stage, now);
        return change ? [{ stage, change }] : [];
      });
      await tx.archiveDeliveries(changes.filter(({ stage }) => stage.fencing_token > 0).map(({ stage }) => stage.id));
      await applyStageChanges(tx, now, effects, changes);
    });
    if (broken !== undefined) return { broken };
  }
  if (due.length === BATCH) return { inMs: 0 };
  const endsAt = await tx.nextWaitEnd();
  return endsAt === null ? {} : { inMs: Math.max(endsAt - now, 0) };
}
