import type {
  CompletedRow,
  CountedPipeline,
  CounterDelta,
  EndedPipeline,
  Flag,
  Ms,
  ReadyStage,
  StageChange,
  StageRow,
  Tx,
} from '../../store/store.js';
import type { Measured } from '../insight/samples.js';
import { waitEndsAt } from '../stage/wait.js';
import type { Effects } from './effects.js';

/** A decided transition with what its consequences depend on. */
export interface DecidedChange {
  change: StageChange;
  stage: Pick<StageRow, 'run_next_if_failed'> & Measured;
}

/**
 * Applies transitions and all that follows from them, and from the stages that the group has `completed` already: dependents start
 * or are blocked, pipelines count and end. A change that the database does not let through has no consequences.
 */
export async function applyStageChanges(
  tx: Tx,
  now: Ms,
  effects: Effects,
  decided: readonly DecidedChange[],
  completed: readonly CompletedRow[] = [],
): Promise<void> {
  if (decided.length === 0 && completed.length === 0) return;
  const applied = new Map((await tx.applyChanges(decided.map(({ change }) => change))).map((row) => [row.id, row]));
  const counters = new Counters();
  const satisfied: number[] = [];
  for (const stage of completed) {
    effects.endedStages.push(stage.id);
    effects.events.add('stage_completed', stage);
    effects.samples.completed(stage, now);
    effects.counts.moved(stage);
    counters.add(stage.pipeline_id, 'completed');
    satisfied.push(stage.id);
  }
  const broken: number[] = [];
  for (const { change, stage } of decided) {
    const row = applied.get(change.id);
    if (!row) continue;
    tell(effects, change, stage);
    effects.samples.ended(stage, change, now);
    noteReady(effects, [{ ...stage, ...row, status: change.to, run_at: change.runAt, ready_at: change.readyAt }]);
    if (change.finishedAt === null) continue;
    effects.endedStages.push(change.id);
    effects.counts.moved(stage);
    if (change.to === 'failed') effects.failedStages.push(change.id);
    const tolerated = change.to === 'failed' && stage.run_next_if_failed === 1;
    counters.add(stage.pipeline_id, change.to === 'completed' ? 'completed' : tolerated ? 'tolerated' : 'failed');
    (change.to === 'completed' || tolerated ? satisfied : broken).push(change.id);
  }
  noteReady(effects, await tx.satisfyDependents(satisfied, now));
  for (const blocked of await tx.blockDependents(broken)) {
    counters.add(blocked.pipeline_id, 'blocked');
    effects.events.add('stage_blocked', blocked);
    effects.counts.moved(blocked);
  }
  const counted = await tx.countStages(counters.rows(), now);
  effects.samples.name(counted);
  for (const pipeline of counted) {
    if (counters.areFirst(pipeline)) effects.samples.feedback(pipeline, now);
    if (hasEnded(pipeline)) effects.endPipeline(pipeline);
  }
}

const hasEnded = (pipeline: CountedPipeline): pipeline is CountedPipeline & EndedPipeline => pipeline.ended === 1;

/** What became of a delivery. */
function tell({ events }: Effects, { to, outcome, runAt, errorCode }: StageChange, stage: DecidedChange['stage']): void {
  if (to === 'completed') events.add('stage_completed', stage);
  else if (to === 'failed') events.add('stage_failed', stage, errorCode);
  else if (outcome === 'retried' || outcome === 'released' || outcome === 'expired' || outcome === 'timed_out') {
    events.add(`stage_${outcome}`, stage, runAt, errorCode);
  }
}

type Ready = Pick<
  ReadyStage,
  'id' | 'application_id' | 'name' | 'handler' | 'status' | 'run_at' | 'ready_at' | 'pending_timeout_ms'
> & { held?: Flag };

export function noteReady(effects: Effects, stages: readonly Ready[]): void {
  for (const stage of stages) {
    if (stage.held === 1) continue;
    if (stage.status === 'pending') {
      effects.addReady(stage.application_id, stage.handler);
      effects.events.add('stage_ready', stage);
      effects.counts.published(stage);
    }
    if (stage.status === 'waiting' || stage.status === 'scheduled') effects.counts.moved(stage);
    if (stage.status === 'waiting') effects.events.add('stage_waiting', stage);
    if (stage.status === 'scheduled') effects.dueAt(stage.run_at);
    if (stage.pending_timeout_ms !== null) effects.waitEndsAt(waitEndsAt(stage));
  }
}

type Counter = 'completed' | 'failed' | 'tolerated' | 'blocked';

/** One delta per pipeline, however many of its stages the group ends. */
class Counters {
  readonly #byPipeline = new Map<number, CounterDelta>();

  add(pipelineId: number, counter: Counter): void {
    const delta = this.#byPipeline.get(pipelineId) ?? {
      pipelineId,
      open: 0,
      completed: 0,
      failed: 0,
      tolerated: 0,
      cancelled: 0,
      blocked: 0,
    };
    delta[counter] += 1;
    delta.open -= 1; // each of these ends a stage that was open
    this.#byPipeline.set(pipelineId, delta);
  }

  /** Whether these are the first stages that were completed, in the first run. */
  areFirst({ id, run, stages_completed }: CountedPipeline): boolean {
    return run === 1 && stages_completed > 0 && stages_completed === this.#byPipeline.get(id)?.completed;
  }

  rows(): CounterDelta[] {
    return [...this.#byPipeline.values()].sort((a, b) => a.pipelineId - b.pipelineId); // lock order: pipelines by id
  }
}
