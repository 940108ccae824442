import type { Ms, PruneLimits } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { STAGE_POSITIONS } from '../ids.js';

export interface PruneRules {
  retentionMs: Ms;
  /** Whether pipelines whose spans wait for export are kept until they are exported. */
  keepExports: boolean;
  limits: PruneLimits;
}

/**
 * Deletes those of these pipelines whose retention is over by the store's time. Each vanishes at once, with its row; when more hangs
 * on them than one chunk may delete, the rest is noted in the same commit, for `pruneRemains`.
 */
export async function prunePipelines(
  { tx, now }: Group,
  ids: number[],
  rules: PruneRules,
): Promise<{ pipelines: number; more: boolean }> {
  await tx.lockPipelines(ids);
  const gone = await tx.deletePipelines(ids, now - rules.retentionMs, rules.keepExports);
  const { more } = await tx.deleteRemains(gone, STAGE_POSITIONS, rules.limits);
  if (more) await tx.rememberRemains(gone);
  return { pipelines: gone.length, more };
}

/** One at a time: a chunk that ended within its limits says that nothing is left of all that it was about. */
const REMAINS = 1;

export async function pruneRemains({ tx }: Group, limits: PruneLimits): Promise<void> {
  const ids = await tx.remains(REMAINS);
  const { more } = await tx.deleteRemains(ids, STAGE_POSITIONS, limits);
  if (!more) await tx.forgetRemains(ids);
}
