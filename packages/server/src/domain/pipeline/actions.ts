import type { PipelineStatus } from '@pipelogiq/protocol';
import type { GraphStage } from '../../store/store.js';
import { noteReady } from '../commit/stage-changes.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { notFound, pipelineOf, stagesOf } from '../ids.js';
import { isFinal } from './cancel.js';
import { changeGraph, type LoadedPipeline, loadPipeline, type Randomness, UNDER_WAY } from './change-graph.js';
import { spawnedBy, withFollowing } from './replan.js';

/** What an operator may do to a pipeline that exists. Each checks everything before it writes: a refusal changes nothing. */
export interface ActionDeps {
  clock: Randomness;
}

const conflict = (message: string): DomainError => new DomainError('state_conflict', message);

/** Runs a stage again, alone or with everything that depends on it. */
export async function rerunStage(
  group: Group,
  { clock }: ActionDeps,
  applicationId: number,
  id: number,
  following: boolean,
): Promise<void> {
  const { loaded, stage } = await loadStage(group, applicationId, id);
  checkRerun(stage, following);
  checkDependencies(loaded, stage);
  if (!following) checkDependents(loaded, stage);
  const rerun = following ? withFollowing([id], loaded.edges) : new Set([id]);
  await changeGraph(group, loaded, { rerun }, clock);
  group.effects.noted.push({ event: 'stage_rerun_manual', stageId: id });
}

function checkRerun(stage: GraphStage, following: boolean): void {
  switch (stage.status) {
    case 'completed':
    case 'failed':
    case 'skipped':
    case 'cancelled':
      return;
    case 'running':
    case 'waiting':
      if (following) return;
      throw conflict(`The stage is ${stage.status}; let it end, or rerun it with all that follow.`);
    case 'blocked':
      throw conflict('The stage is blocked: rerun or skip the dependency that failed.');
    default:
      throw conflict(`The stage is ${stage.status}: it has not run yet.`);
  }
}

/** A stage whose dependency failed or was cancelled would only be blocked again. */
function checkDependencies({ stages, edges }: LoadedPipeline, stage: GraphStage): void {
  const on = new Set(edges.filter((edge) => edge.stage_id === stage.id).map((edge) => edge.depends_on_id));
  const broken = stages.find(
    ({ id, status, run_next_if_failed }) =>
      on.has(id) && (status === 'blocked' || status === 'cancelled' || (status === 'failed' && run_next_if_failed === 0)),
  );
  if (broken) throw conflict(`It depends on "${broken.name}", which is ${broken.status}; rerun or skip that one first.`);
}

/** What was leased with its output must not find it gone: a retry would have to wait, and an event to be forgotten. */
function checkDependents({ stages, edges }: LoadedPipeline, stage: GraphStage): void {
  const again = new Set([stage.id]);
  const gone = spawnedBy(again, stages);
  const dependents = new Set(
    edges.filter((edge) => again.has(edge.depends_on_id) || gone.has(edge.depends_on_id)).map((edge) => edge.stage_id),
  );
  const busy = stages.find(({ id, status }) => dependents.has(id) && UNDER_WAY.has(status));
  if (busy)
    throw conflict(
      `"${busy.name}", which depends on it or on what it spawned, is ${busy.status}; let it end, or rerun all that follow too.`,
    );
}

/** Runs a whole pipeline again: from its start, or only what failed or was cancelled, with all that was blocked by it. */
export async function rerunPipeline(
  group: Group,
  { clock }: ActionDeps,
  applicationId: number,
  id: number,
  from: 'start' | 'failed',
): Promise<void> {
  const loaded = await loadPipeline(group, applicationId, id);
  const { pipeline, stages, edges } = loaded;
  if (from === 'start') {
    if (!isFinal(pipeline.status)) throw conflict(`The pipeline is ${pipeline.status}; let it end, or cancel it first.`);
    await changeGraph(group, loaded, { rerun: new Set(stages.map((stage) => stage.id)) }, clock);
    group.effects.noted.push({ event: 'stage_rerun_manual', pipelineId: id });
    return;
  }
  const failed = stages.filter(
    ({ status, run_next_if_failed }) => status === 'cancelled' || (status === 'failed' && run_next_if_failed === 0),
  );
  if (failed.length === 0) throw conflict('No stage of the pipeline has failed or was cancelled; rerun it from "start".');
  const rerun = new Set(failed.map((stage) => stage.id));
  await changeGraph(group, { pipeline, stages, edges }, { rerun }, clock);
  group.effects.noted.push({ event: 'stage_rerun_manual', pipelineId: id });
}

/** Counts a stage as done without an output: what depends on it goes on. */
export async function skipStage(group: Group, { clock }: ActionDeps, applicationId: number, id: number): Promise<void> {
  const { loaded, stage } = await loadStage(group, applicationId, id);
  if (stage.status === 'skipped') return; // twice is the same as once
  if (stage.status === 'completed') throw conflict('The stage is completed and cannot be skipped.');
  await changeGraph(group, loaded, { skip: new Set([id]) }, clock);
  group.effects.noted.push({ event: 'stage_skipped_manual', stageId: id });
}

async function loadStage(
  group: Group,
  applicationId: number,
  id: number,
): Promise<{ loaded: LoadedPipeline; stage: GraphStage }> {
  const loaded = await loadPipeline(group, applicationId, pipelineOf(id)).catch((error: unknown) => {
    throw error instanceof DomainError && error.code === 'not_found' ? notFound('stage', String(id)) : error;
  });
  const stage = loaded.stages.find((candidate) => candidate.id === id);
  if (!stage) throw notFound('stage', String(id));
  return { loaded, stage };
}

const PAUSABLE: ReadonlySet<PipelineStatus> = new Set(['not_started', 'running']);

/** Leases nothing more of the pipeline. What runs goes on and may settle; a retry waits like everything else. */
export async function pausePipeline({ tx, now, effects }: Group, applicationId: number, id: number): Promise<void> {
  await tx.lockPipelines([id]);
  const pipeline = await tx.pipelineState(id);
  if (!pipeline || pipeline.application_id !== applicationId) throw notFound('pipeline', String(id));
  if (pipeline.status === 'paused') return;
  if (!PAUSABLE.has(pipeline.status)) throw conflict(`The pipeline is ${pipeline.status} and cannot be paused.`);
  await tx.holdStages(stagesOf(id));
  await tx.setPipelineState(id, { status: 'paused', paused_at: now });
  effects.events.add('pipeline_paused', pipeline);
}

/** Goes on where it was paused. */
export async function resumePipeline({ tx, now, effects }: Group, applicationId: number, id: number): Promise<void> {
  await tx.lockPipelines([id]);
  const pipeline = await tx.pipelineState(id);
  if (!pipeline || pipeline.application_id !== applicationId) throw notFound('pipeline', String(id));
  if (pipeline.status !== 'paused') throw conflict(`The pipeline is ${pipeline.status}, not paused.`);
  const waitsForStart = pipeline.started_at === null && pipeline.run_at !== null && pipeline.run_at > now;
  await tx.setPipelineState(id, {
    status: waitsForStart ? 'not_started' : 'running',
    started_at: pipeline.started_at ?? (waitsForStart ? null : now),
    paused_at: null,
  });
  effects.events.add('pipeline_resumed', pipeline);
  noteReady(effects, await tx.releaseStages(stagesOf(id), now - (pipeline.paused_at ?? now), now));
}
