import type { GraphEdge, GraphStage, StageMatch } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { stagesOf } from '../ids.js';
import type { ActionDeps } from './actions.js';
import { changeGraph, type LoadedPipeline, loadPipeline, UNDER_WAY } from './change-graph.js';
import { spawnedBy, withFollowing } from './replan.js';

/** Stages that were changed, and how many of those asked for could not be. */
export interface StagesChanged {
  changed: number[];
  refused: number;
}

/** Skips all such stages of a pipeline at once. */
export async function skipStages(
  group: Group,
  { clock }: ActionDeps,
  applicationId: number,
  id: number,
  match: StageMatch,
): Promise<StagesChanged> {
  const loaded = await loadPipeline(group, applicationId, id);
  const changed = (await chosen(group, loaded, match)).map((stage) => stage.id);
  if (changed.length > 0) await changeGraph(group, loaded, { skip: new Set(changed) }, clock);
  return { changed, refused: 0 };
}

/** Runs all such stages of a pipeline again, in one go; those that could not run, by the rules for one alone, stay as they are. */
export async function rerunStages(
  group: Group,
  { clock }: ActionDeps,
  applicationId: number,
  id: number,
  { following, ...match }: StageMatch & { following: boolean },
): Promise<StagesChanged> {
  const loaded = await loadPipeline(group, applicationId, id);
  const wanted = await chosen(group, loaded, match);
  const changed = runnableAgain(loaded, wanted, following);
  const rerun = following ? withFollowing(changed, loaded.edges) : new Set(changed);
  if (changed.length > 0) await changeGraph(group, loaded, { rerun }, clock);
  return { changed, refused: wanted.length - changed.length };
}

async function chosen(
  { tx }: Group,
  { pipeline, stages }: LoadedPipeline,
  { status, name, handler, fingerprint }: StageMatch,
): Promise<GraphStage[]> {
  const alike =
    fingerprint === undefined
      ? undefined
      : new Set(await tx.failedAlike(pipeline.application_id, fingerprint, stagesOf(pipeline.id)));
  return stages.filter(
    (stage) =>
      stage.status === status &&
      (name === undefined || stage.name === name) &&
      (handler === undefined || stage.handler === handler) &&
      (alike === undefined || alike.has(stage.id)),
  );
}

const isBroken = ({ status, run_next_if_failed }: GraphStage): boolean =>
  status === 'blocked' || status === 'cancelled' || (status === 'failed' && run_next_if_failed === 0);

/**
 * Of these stages, those that can run again together. As for one alone: none whose dependency is broken, unless that runs again too;
 * and without `following`, none on which, or on what it spawned, something depends directly that is under way. One that is left out takes its broken
 * dependents among the others with it.
 */
function runnableAgain({ stages, edges }: LoadedPipeline, wanted: readonly GraphStage[], following: boolean): number[] {
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const dependents = grouped(edges, 'depends_on_id', 'stage_id');
  const dependencies = grouped(edges, 'stage_id', 'depends_on_id');
  const left = new Set(wanted.map((stage) => stage.id));
  const isUnderWay = (id: number): boolean => UNDER_WAY.has(byId.get(id)?.status ?? 'completed');
  // With all that follow a stage may be one of them, and its dependency runs again although it was not asked for.
  const again = following ? withFollowing([...left], edges) : left;
  const stays = (id: number): boolean => {
    const on = (dependencies.get(id) ?? []).map((dependency) => byId.get(dependency));
    if (on.some((stage) => stage && isBroken(stage) && !again.has(stage.id))) return false;
    const gone = [id, ...spawnedBy(new Set([id]), stages)];
    return following || !(isUnderWay(id) || gone.some((each) => (dependents.get(each) ?? []).some(isUnderWay)));
  };
  const unseen = [...left];
  for (let id = unseen.pop(); id !== undefined; id = unseen.pop()) {
    if (!left.has(id) || stays(id)) continue;
    left.delete(id);
    again.delete(id);
    unseen.push(...(dependents.get(id) ?? []));
  }
  return [...left];
}

function grouped(edges: readonly GraphEdge[], by: keyof GraphEdge, what: keyof GraphEdge): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const edge of edges) {
    const group = groups.get(edge[by]);
    if (group) group.push(edge[what]);
    else groups.set(edge[by], [edge[what]]);
  }
  return groups;
}
