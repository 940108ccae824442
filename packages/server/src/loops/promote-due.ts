import { noteReady } from '../domain/commit/stage-changes.js';
import type { Group } from '../domain/commit/tickets.js';

const BATCH = 1_000;

/** Makes scheduled stages pending when they are due, so that delayed work never stands in the way of a claim. */
export async function promoteDue({ tx, now, effects }: Group): Promise<{ inMs?: number | undefined }> {
  const { ready, started } = await tx.promoteDue(now, BATCH);
  for (const pipeline of started) effects.events.add('pipeline_started', pipeline);
  noteReady(effects, ready);
  effects.counts.add({ kind: 'promoted', stages: ready.length });
  if (ready.length === BATCH) return { inMs: 0 };
  const { dueAt } = await tx.nextTimes();
  return dueAt === null ? {} : { inMs: Math.max(dueAt - now, 0) };
}
