import { groupBy } from '../group-by.js';
import { pipelineOf } from '../ids.js';
import { inSavepoint } from './savepoint.js';
import type { Group } from './tickets.js';

/**
 * Does for all these stages what has become due. When the data of one breaks a statement it does so for each pipeline apart, so that
 * the broken one stops no other.
 * @returns what broke, to be reported; the rest is done
 */
export async function perPipeline(
  group: Group,
  stageIds: readonly number[],
  act: (stageIds: number[]) => Promise<void>,
): Promise<unknown> {
  const all = await broken(group, stageIds, act);
  if (all === undefined) return undefined;
  const pipelines = groupBy(stageIds, pipelineOf);
  if (pipelines.size === 1) return all;
  let first: unknown;
  for (const own of pipelines.values()) first = (await broken(group, own, act)) ?? first;
  return first;
}

async function broken(group: Group, stageIds: readonly number[], act: (stageIds: number[]) => Promise<void>): Promise<unknown> {
  if (stageIds.length === 0) return undefined;
  try {
    await inSavepoint(group, () => act([...stageIds]));
    return undefined;
  } catch (error) {
    if (!group.isDataFailure(error)) throw error;
    return error;
  }
}
