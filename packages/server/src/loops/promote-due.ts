import { perPipeline } from '../domain/commit/per-pipeline.js';
import { noteReady } from '../domain/commit/stage-changes.js';
import type { Group } from '../domain/commit/tickets.js';
import type { LoopResult } from './loop.js';

const BATCH = 1_000;

/** Makes scheduled stages pending when they are due, so that delayed work never stands in the way of a claim. */
export async function promoteDue(group: Group): Promise<LoopResult> {
  const { tx, now, effects } = group;
  const due = await tx.dueStages(now, BATCH);
  const broken = await perPipeline(group, due, async (ids) => {
    const { ready, started } = await tx.promote(ids, now);
    for (const pipeline of started) effects.events.add('pipeline_started', pipeline);
    noteReady(effects, ready);
    effects.counts.add({ kind: 'promoted', stages: ready.length });
  });
  if (broken !== undefined) return { broken };
  if (due.length === BATCH) return { inMs: 0 };
  const { dueAt } = await tx.nextTimes();
  return dueAt === null ? {} : { inMs: Math.max(dueAt - now, 0) };
}
