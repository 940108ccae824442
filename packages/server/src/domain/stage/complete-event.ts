import type { StageCompleted, StageError } from '@pipelogiq/protocol';
import type { Ms, StageChange, WaitingStage } from '../../store/store.js';
import { applyStageChanges } from '../commit/stage-changes.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { hashEventResult } from './event-token.js';
import { isEmptyOutput } from './output.js';
import { failWait, fulfil } from './wait.js';

/** How an event ends its stage; user JSON is text. */
export type EventResult =
  | { outcome: 'completed'; output: string | null; tooLarge?: number | undefined }
  | { outcome: 'failed'; error: StageError };

type EventDecision =
  | { kind: 'change'; change: StageChange; failedBecause?: 'output_too_large' | 'output_empty' }
  | { kind: 'repeated'; failedBecause?: 'output_too_large' | 'output_empty' };

const textOf = (result: EventResult): string =>
  result.outcome === 'failed'
    ? `failed\n${JSON.stringify(result.error)}`
    : `completed\n${result.tooLarge ?? ''}\n${result.output}`;

/** fulfil: an event counts once. The limits on an output are those of an ack. @throws DomainError `state_conflict` */
function decideEvent(stage: WaitingStage, result: EventResult, now: Ms): EventDecision {
  if (stage.wait_for === null) {
    throw new DomainError('state_conflict', 'The stage waits for no event: a worker runs it and completes it by its ack.');
  }
  if (stage.status !== 'waiting') return decideLate(stage, result, now);
  const failBecause = (code: 'output_too_large' | 'output_empty', message: string): EventDecision => ({
    kind: 'change',
    change: failWait(stage, { code, message }, now),
    failedBecause: code,
  });
  if (result.outcome === 'failed') return { kind: 'change', change: failWait(stage, result.error, now) };
  if (result.tooLarge !== undefined) {
    return failBecause('output_too_large', `The output has ${result.tooLarge} bytes, more than the limit.`);
  }
  if (stage.fail_if_output_empty === 1 && isEmptyOutput(result.output)) {
    return failBecause('output_empty', 'The event brought no output, and failIfOutputEmpty is set.');
  }
  return { kind: 'change', change: fulfil(stage, result.output, now) };
}

function decideLate(stage: WaitingStage, result: EventResult, now: Ms): EventDecision {
  const ended = stage.status === 'completed' || stage.status === 'failed';
  if (ended && stage.event_result === hashEventResult(stage, textOf(result))) {
    const code = stage.error_code;
    const isOurs = result.outcome === 'completed' && (code === 'output_too_large' || code === 'output_empty');
    return isOurs ? { kind: 'repeated', failedBecause: code } : { kind: 'repeated' };
  }
  if (stage.status === 'not_started' || stage.status === 'scheduled') {
    const inMs = stage.status === 'scheduled' && stage.run_at !== null ? Math.max(stage.run_at - now, 0) : undefined;
    const when = inMs === undefined ? 'when its dependencies are done' : `in ${inMs} ms, when its delay is over`;
    throw new DomainError('state_conflict', `The stage is ${stage.status} and does not wait yet; complete it ${when}.`, {
      ...(inMs !== undefined && { retryAfterMs: inMs }),
    });
  }
  throw new DomainError('state_conflict', `The stage is ${stage.status}; an event completes it once, while it is waiting.`);
}

/** Ends an event stage that the caller may end, with all that follows. The pipeline is locked. */
export async function completeEvent(group: Group, stage: WaitingStage, result: EventResult): Promise<StageCompleted> {
  const { tx, now, effects } = group;
  const decision = decideEvent(stage, result, now);
  const why = decision.failedBecause && { failedBecause: decision.failedBecause };
  if (decision.kind === 'repeated') {
    return { id: String(stage.id), status: stage.status as StageCompleted['status'], repeated: true, ...why };
  }
  await applyStageChanges(tx, now, effects, [{ stage, change: decision.change }]);
  await tx.updateEvent(stage.id, { event_result: hashEventResult(stage, textOf(result)) });
  return { id: String(stage.id), status: decision.change.to as StageCompleted['status'], ...why };
}
