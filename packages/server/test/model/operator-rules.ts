import { dependentsOf, follow, following, isBroken, isOpen, reconsider } from './graph-rules.js';
import {
  aStage,
  currentDelivery,
  type EventResult,
  isFinal,
  type PipelineModel,
  type Spec,
  type StageModel,
  stageNamed,
  type World,
} from './world.js';

/** What operators do to pipelines and stages. Each returns whether the server must accept it; a refusal changes nothing. */

export function create(world: World, specs: readonly Spec[], options: { priority: number; runInMs?: number }): PipelineModel {
  const runAt = options.runInMs === undefined ? undefined : world.now + options.runInMs;
  const waits = runAt !== undefined && runAt > world.now;
  const pipeline: PipelineModel = {
    id: '',
    status: waits ? 'not_started' : 'running',
    priority: options.priority,
    runAt,
    hasBegun: false,
    pausedAt: undefined,
    run: 1,
    stages: [],
  };
  add(pipeline, specs);
  world.pipelines.push(pipeline);
  follow(world, pipeline);
  return pipeline;
}

function add(pipeline: PipelineModel, specs: readonly Spec[], spawner?: StageModel): StageModel[] {
  const added = specs.map((spec) => aStage(pipeline, spec, spawner));
  pipeline.stages.push(...added);
  for (const stage of added) {
    const on = stage.spec.dependsOn.flatMap((name) => stageNamed(pipeline, name) ?? []);
    stage.on = new Set(on.length === 0 && spawner ? [spawner] : on);
    if (stage.on.size === 0) stage.notBefore = pipeline.runAt;
  }
  return added;
}

export function append(world: World, pipeline: PipelineModel, specs: readonly Spec[]): boolean {
  if (isFinal(pipeline) || specs.some(({ name }) => stageNamed(pipeline, name))) return false;
  add(pipeline, specs);
  reconsider(world, pipeline);
  return true;
}

/** Adds stages for one that ends; everything that waits for it waits for them too. False: a name is taken. */
export function spawn(spawner: StageModel, specs: readonly Spec[]): boolean {
  const { pipeline } = spawner;
  if (specs.some(({ name }) => stageNamed(pipeline, name))) return false;
  const dependents = dependentsOf(spawner);
  for (const stage of add(pipeline, specs, spawner)) for (const dependent of dependents) dependent.on.add(stage);
  return true;
}

export function cancel(pipeline: PipelineModel): boolean {
  if (pipeline.status === 'cancelled') return true;
  if (isFinal(pipeline)) return false;
  for (const stage of pipeline.stages.filter(isOpen)) {
    endDelivery(stage, 'cancelled');
    stage.status = 'cancelled';
  }
  pipeline.status = 'cancelled';
  return true;
}

function endDelivery(stage: StageModel, outcome: 'cancelled' | 'superseded'): void {
  const delivery = currentDelivery(stage);
  if (delivery) delivery.outcome = outcome;
}

export function pause(world: World, pipeline: PipelineModel): boolean {
  if (isFinal(pipeline)) return false;
  if (pipeline.status !== 'paused') pipeline.pausedAt = world.now;
  pipeline.status = 'paused';
  return true;
}

export function resume(world: World, pipeline: PipelineModel): boolean {
  if (pipeline.status !== 'paused') return false;
  const waits = pipeline.runAt !== undefined && pipeline.runAt > world.now && !pipeline.hasBegun;
  pipeline.status = waits ? 'not_started' : 'running';
  // The time to be taken or completed stood still; of what became ready meanwhile it begins now.
  const pausedMs = world.now - (pipeline.pausedAt ?? world.now);
  for (const stage of pipeline.stages) stage.readyAt = Math.min(stage.readyAt + pausedMs, world.now);
  return true;
}

export function rerunStage(world: World, stage: StageModel, withFollowing: boolean): boolean {
  const ran = !isOpen(stage) && stage.status !== 'blocked';
  if (!(ran || (withFollowing && (stage.status === 'running' || stage.status === 'waiting')))) return false;
  if ([...stage.on].some(isBroken)) return false;
  const gone = spawnedFrom([stage], stage.pipeline);
  const after = [stage, ...gone].flatMap(dependentsOf);
  if (!withFollowing && after.some(({ status }) => status === 'running' || status === 'waiting')) return false;
  rerun(world, stage.pipeline, withFollowing ? following([stage]) : new Set([stage]));
  return true;
}

export function rerunPipeline(world: World, pipeline: PipelineModel, from: 'start' | 'failed'): boolean {
  if (from === 'start' && !isFinal(pipeline)) return false;
  const again = pipeline.stages.filter(
    (stage) => from === 'start' || stage.status === 'cancelled' || (stage.status === 'failed' && !stage.spec.runNextIfFailed),
  );
  if (again.length === 0) return false;
  rerun(world, pipeline, new Set(again));
  return true;
}

/** What a stage spawned, and what that spawned in turn. */
function spawnedFrom(stages: Iterable<StageModel>, pipeline: PipelineModel): Set<StageModel> {
  const gone = new Set<StageModel>();
  const from = new Set(stages);
  for (const stage of pipeline.stages) {
    if (stage.spawnedBy && (from.has(stage.spawnedBy) || gone.has(stage.spawnedBy))) gone.add(stage);
  }
  return gone;
}

/** Who waited for a stage that goes waits for the one that spawned it, or for what spawned that. */
const whoIsLeft = ({ spawnedBy, pipeline }: StageModel): StageModel => {
  if (!spawnedBy) throw new Error('only spawned stages go');
  return pipeline.stages.includes(spawnedBy) ? spawnedBy : whoIsLeft(spawnedBy);
};

/** Tokens stay, attempts begin anew, what the earlier run spawned goes. */
function rerun(world: World, pipeline: PipelineModel, again: Set<StageModel>): void {
  const gone = spawnedFrom(again, pipeline);
  for (const stage of new Set([...again, ...gone])) {
    endDelivery(stage, 'superseded');
    Object.assign(stage, {
      status: 'not_started',
      attempts: 0,
      expiries: 0,
      fresh: true,
      event: undefined,
      removed: gone.has(stage),
    });
  }
  pipeline.stages = pipeline.stages.filter((stage) => !gone.has(stage));
  for (const stage of pipeline.stages) for (const each of gone) if (stage.on.delete(each)) stage.on.add(whoIsLeft(each));
  pipeline.run += 1;
  reconsider(world, pipeline);
}

/** Undefined: not in this state. Else the answer in short: a status, with why it failed, or `repeated …`. */
export function complete(world: World, stage: StageModel, result: EventResult): string | undefined {
  if (!stage.spec.waitFor) return undefined;
  const isEmpty = stage.spec.failIfOutputEmpty && result.outcome === 'completed' && result.output === undefined;
  const why = isEmpty ? ' output_empty' : '';
  if (stage.status !== 'waiting') {
    const ended = stage.status === 'completed' || stage.status === 'failed';
    if (!(ended && stage.event && JSON.stringify(stage.event) === JSON.stringify(result))) return undefined;
    return `repeated ${stage.status}${why}`;
  }
  stage.event = result;
  stage.status = isEmpty ? 'failed' : result.outcome;
  follow(world, stage.pipeline);
  return `${stage.status}${why}`;
}

export function skip(world: World, stage: StageModel): boolean {
  if (stage.status === 'skipped') return true;
  if (stage.status === 'completed') return false;
  endDelivery(stage, 'superseded');
  stage.fresh = stage.status !== 'running'; // its last delivery stands in the archive
  stage.status = 'skipped';
  reconsider(world, stage.pipeline);
  return true;
}
