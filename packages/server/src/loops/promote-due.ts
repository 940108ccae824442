import { noteReady } from '../domain/commit/stage-changes.js';
import type { Group } from '../domain/commit/tickets.js';

const BATCH = 1_000;

/** Makes scheduled stages pending when they are due, so that delayed work never stands in the way of a claim. */
export async function promoteDue({ tx, now, effects }: Group): Promise<{ nextAt?: number | undefined }> {
  const promoted = await tx.promoteDue(now, BATCH);
  noteReady(effects, promoted);
  if (promoted.length === BATCH) return { nextAt: now };
  return { nextAt: (await tx.nextTimes()).dueAt ?? undefined };
}
