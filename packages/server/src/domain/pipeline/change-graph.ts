import type { StageStatus } from '@pipelogiq/protocol';
import type { GraphEdge, GraphStage, PipelineState, StageCounts, StagePlace } from '../../store/store.js';
import type { Effects } from '../commit/effects.js';
import { noteReady } from '../commit/stage-changes.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import type { StoredType } from '../event/stored.js';
import { notFound, stagesOf } from '../ids.js';
import { isFinal } from './cancel.js';
import { type Intent, replan, spawnedBy, withoutRemoved } from './replan.js';

/** A pipeline with all its stages, locked until the commit. */
export interface LoadedPipeline {
  pipeline: PipelineState;
  stages: GraphStage[];
  edges: GraphEdge[];
}

/** @throws DomainError `not_found` */
export async function loadPipeline(group: Group, applicationId: number, id: number): Promise<LoadedPipeline> {
  const { tx } = group;
  const pipeline = await lockedPipeline(group, applicationId, id);
  return { pipeline, stages: await tx.graphStages(stagesOf(id)), edges: await tx.graphEdges(stagesOf(id)) };
}

/** @throws DomainError `not_found` */
export async function lockedPipeline({ tx }: Group, applicationId: number, id: number): Promise<PipelineState> {
  await tx.lockPipelines([id]);
  const pipeline = await tx.pipelineState(id);
  if (!pipeline || pipeline.application_id !== applicationId) throw notFound('pipeline', String(id));
  return pipeline;
}

const ENDED: ReadonlySet<StageStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled']);
/** Left by the worker or the event that they wait for. */
export const UNDER_WAY: ReadonlySet<StageStatus> = new Set(['running', 'waiting']);
const READY: ReadonlySet<StageStatus> = new Set(['pending', 'throttled', 'running', 'waiting']);

export interface Randomness {
  randomHex(bytes: number): string;
}

/**
 * Writes what the intent makes of the pipeline. Stages that run again lose what they had spawned, get a new span, and their last
 * deliveries go to the archive; those under way end as superseded. Counters and status are set as counted, not added to.
 */
export async function changeGraph(group: Group, loaded: LoadedPipeline, intent: Intent, clock: Randomness): Promise<void> {
  const { tx, now, effects } = group;
  const { pipeline } = loaded;
  const rerun = intent.rerun ?? new Set<number>();
  const removed = spawnedBy(rerun, loaded.stages);
  const stages = loaded.stages.filter((stage) => !removed.has(stage.id));
  const { edges, inStead } = withoutRemoved(loaded, removed);
  const { places, counts } = replan(stages, edges, intent, pipeline.status === 'paused' ? 1 : 0, now);
  keepUnderWay(stages, places);
  const again = stages.filter((stage) => rerun.has(stage.id) && !intent.skip?.has(stage.id)).map((stage) => stage.id);

  const skipped = [...(intent.skip ?? [])];
  await tx.archiveDeliveries([...again, ...removed, ...skipped]);
  await tx.archiveSuperseded([...again, ...removed], now);
  if (isFinal(pipeline.status) || again.length + removed.size + skipped.length > 0)
    await keepSpans(group, loaded, new Set([...again, ...removed]));
  await tx.removeStages([...removed], now);
  await tx.insertDependencies(inStead);
  await tx.endSkipped(skipped, now);
  await tx.placeStages(places);
  await tx.resetStages(again.map((id) => ({ id, span_id: clock.randomHex(8) })));

  const begins = hasReady(stages, places);
  const status = statusAfter(pipeline, begins, counts);
  const ends = isFinal(status);
  const reopens = isFinal(pipeline.status) && !ends;
  await tx.setPipelineState(pipeline.id, {
    ...counts,
    status,
    run: pipeline.run + (again.length > 0 ? 1 : 0),
    // The span of the run that ended has been exported under the old id, or is kept for it.
    root_span_id: reopens ? clock.randomHex(8) : pipeline.root_span_id,
    started_at: pipeline.started_at ?? (begins ? now : null),
    finished_at: ends ? (isFinal(pipeline.status) ? pipeline.finished_at : now) : null,
    cancel_reason: reopens ? null : pipeline.cancel_reason,
    stages_removed: pipeline.stages_removed + removed.size,
  });

  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  if (reopens) effects.events.add('pipeline_rerun', pipeline);
  if (pipeline.status === 'not_started' && status === 'running') effects.events.add('pipeline_started', pipeline);
  for (const id of again) tell(effects, 'stage_rerun', byId.get(id));
  for (const { id, status: to } of places) {
    const stage = byId.get(id);
    if ((to === 'skipped' || to === 'blocked') && stage && stage.status !== to) {
      tell(effects, `stage_${to}`, stage);
      effects.counts.moved(stage);
    }
    if (ENDED.has(to) && !ENDED.has(stage?.status ?? 'completed')) effects.endedStages.push(id);
  }
  noteReady(
    effects,
    places.flatMap((place) => {
      const stage = byId.get(place.id);
      return stage ? [{ ...stage, ...place }] : [];
    }),
  );
  if (isFinal(status) && !isFinal(pipeline.status)) effects.endPipeline({ ...pipeline, status });
  // The run is over and its span exported; who follows the events hears that it ended in another way after all.
  else if (isFinal(status) && status !== pipeline.status) effects.events.add(`pipeline_${status}`, pipeline);
}

/**
 * What runs, or waits for its event, has all that it depends on. The rules of each action see to that; one that they have no eye for
 * is refused here, for the stage could never go on.
 */
function keepUnderWay(stages: readonly GraphStage[], places: readonly StagePlace[]): void {
  const cut = places.find(({ status, open_dependencies }) => open_dependencies > 0 && UNDER_WAY.has(status));
  if (!cut) return;
  const name = stages.find(({ id }) => id === cut.id)?.name;
  throw new DomainError('state_conflict', `"${name}", which depends on it, is ${cut.status}; let it end first.`);
}

/** What waits for export tells of the run that is over; the workers' spans of a stage that is cut off must find theirs too. */
async function keepSpans(
  { tx, now, effects }: Group,
  { pipeline, stages }: LoadedPipeline,
  ending: ReadonlySet<number>,
): Promise<void> {
  const cut = stages.filter((stage) => ending.has(stage.id) && !ENDED.has(stage.status)).map((stage) => stage.id);
  if (effects.exportSpans) await tx.queueSpans(cut, []);
  await tx.freezeSpans(pipeline.id, new Set(cut), now);
}

function tell({ events }: Effects, type: StoredType, stage: GraphStage | undefined): void {
  if (stage) events.add(type, stage);
}

/** A pipeline that waits for its time begins with the first stage that does not, as when the stages before it are skipped. */
function hasReady(stages: readonly GraphStage[], places: readonly StagePlace[]): boolean {
  const placed = new Map(places.map((place) => [place.id, place.status]));
  return stages.some((stage) => READY.has(placed.get(stage.id) ?? stage.status));
}

function statusAfter(pipeline: PipelineState, begins: boolean, counts: StageCounts): PipelineState['status'] {
  if (counts.stages_open > 0) {
    const reopens = isFinal(pipeline.status) || (pipeline.status === 'not_started' && begins);
    return reopens ? 'running' : pipeline.status;
  }
  if (pipeline.status === 'cancelled') return 'cancelled';
  return counts.stages_failed + counts.stages_blocked + counts.stages_cancelled > 0 ? 'failed' : 'completed';
}
