import type { PipelineModel, PipelineStatus, StageModel, World } from './world.js';
import { isFinal, makeReady } from './world.js';

/** Design §3: what a dependency's state means to its dependents, and what the stages' states mean to their pipeline. */

const isSatisfied = ({ status, spec }: StageModel): boolean =>
  status === 'completed' || status === 'skipped' || (status === 'failed' && spec.runNextIfFailed);

export const isBroken = (stage: StageModel): boolean =>
  stage.status === 'blocked' || stage.status === 'cancelled' || (stage.status === 'failed' && !stage.spec.runNextIfFailed);

export const isOpen = ({ status }: StageModel): boolean =>
  status === 'not_started' || status === 'scheduled' || status === 'pending' || status === 'running' || status === 'waiting';

export const dependentsOf = (stage: StageModel): StageModel[] => stage.pipeline.stages.filter((other) => other.on.has(stage));

/** These stages and all that follow from them. */
export function following(stages: Iterable<StageModel>): Set<StageModel> {
  const found = new Set(stages);
  for (const stage of found) for (const next of dependentsOf(stage)) found.add(next);
  return found;
}

/** Its dependencies are done: due at the later of its own time and the end of its delay. */
function start(world: World, stage: StageModel): void {
  stage.dueAt = Math.max(stage.notBefore ?? 0, world.now + (stage.spec.delayMs ?? 0));
  if (stage.dueAt > world.now) stage.status = 'scheduled';
  else makeReady(world, stage);
}

/** Starts or blocks what waits for dependencies, until nothing moves; then the pipeline's own state follows. */
export function follow(world: World, pipeline: PipelineModel): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const stage of pipeline.stages) {
      if (stage.status !== 'not_started') continue;
      const on = [...stage.on];
      if (on.some(isBroken)) stage.status = 'blocked';
      else if (on.every(isSatisfied)) start(world, stage);
      else continue;
      moved = true;
    }
  }
  pipeline.hasBegun ||= pipeline.stages.some(couldGoOn);
  pipeline.status = statusOf(pipeline);
}

/** After an operator's change: what had been ready or blocked is looked at as if it had never been. */
export function reconsider(world: World, pipeline: PipelineModel): void {
  // Several rounds: what is blocked or ready because of a stage that is itself put back goes back with it.
  for (let moved = true; moved; ) {
    moved = false;
    for (const stage of pipeline.stages) {
      const ready = stage.status === 'pending' || stage.status === 'waiting' || stage.status === 'scheduled';
      const blocked = stage.status === 'blocked';
      if (!((ready && ![...stage.on].every(isSatisfied)) || (blocked && ![...stage.on].some(isBroken)))) continue;
      stage.status = 'not_started';
      moved = true;
    }
  }
  follow(world, pipeline);
}

function statusOf(pipeline: PipelineModel): PipelineStatus {
  const { status, stages } = pipeline;
  if (stages.some(isOpen)) {
    if (isFinal(pipeline)) return 'running';
    if (status === 'not_started' && pipeline.hasBegun) return 'running';
    return status;
  }
  if (status === 'cancelled') return 'cancelled';
  return stages.some(isBroken) ? 'failed' : 'completed';
}

/** Once one of its stages could go on, a pipeline has begun, whatever the clock shows later. */
const couldGoOn = ({ status, token }: StageModel): boolean =>
  status === 'pending' || status === 'waiting' || status === 'running' || token > 0;

export const counts = ({ stages }: PipelineModel) => ({
  total: stages.length,
  open: stages.filter(isOpen).length,
  completed: stages.filter(({ status }) => status === 'completed').length,
  failed: stages.filter(({ status }) => status === 'failed').length,
  skipped: stages.filter(({ status }) => status === 'skipped').length,
  cancelled: stages.filter(({ status }) => status === 'cancelled').length,
  blocked: stages.filter(({ status }) => status === 'blocked').length,
});
