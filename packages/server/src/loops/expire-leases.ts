import { perPipeline } from '../domain/commit/per-pipeline.js';
import { applyStageChanges } from '../domain/commit/stage-changes.js';
import type { Group } from '../domain/commit/tickets.js';
import { pipelineOf } from '../domain/ids.js';
import { decideExpiry } from '../domain/stage/expiry.js';
import type { LoopResult } from './loop.js';

/** State key: when this loop last ran. */
export const ALIVE_AT = 'alive_at';
const BATCH = 500;

export interface ExpireDeps {
  leaseMs: number;
  /** A gap in the server's own life after which leases start afresh, in milliseconds. */
  aliveGapMs: number;
  random(): number;
}

/**
 * Ends deliveries whose lease or timeout is over. Before that it looks at itself: when more than `aliveGapMs` passed since it last
 * noted that it lives — server or database away, process stopped, clock set, event loop stalled — no worker could have sent a
 * heartbeat, so every lease starts afresh, timeouts and the ends of waits move by the gap, and nothing expires in this round. What
 * alerts wait for moves with a clock that was set back alone: while the server was away, its time came.
 */
export async function expireLeases(group: Group, deps: ExpireDeps): Promise<LoopResult> {
  const { tx, now, effects } = group;
  const aliveAt = await tx.replaceState(ALIVE_AT, String(now)); // of two servers that find one gap, one finds it
  const gap = aliveAt === undefined ? 0 : now - Number(aliveAt);
  if (Math.abs(gap) > deps.aliveGapMs) {
    await tx.grantGrace({ leaseExpiresAt: now + deps.leaseMs, gapMs: gap, now });
    await tx.shiftWaits({ gapMs: gap, now });
    if (gap < 0) await tx.shiftAlerts({ gapMs: gap, now });
    return {};
  }
  const due = await tx.dueDeliveries(now, BATCH);
  const broken = await perPipeline(group, due, async (ids) => {
    await tx.lockPipelines([...new Set(ids.map(pipelineOf))]);
    const deliveries = await tx.deliveries(ids); // as they are under the lock: a heartbeat may have come in between
    const changes = deliveries.flatMap((stage) => {
      const change = decideExpiry(stage, now, deps.random);
      return change ? [{ stage, change }] : [];
    });
    await applyStageChanges(tx, now, effects, changes);
  });
  if (broken !== undefined) return { broken };
  return due.length === BATCH ? { inMs: 0 } : {};
}
