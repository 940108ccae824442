import type { Ack, DeliveryOutcome, LeaseLostReason, Nack, Release, StageErrorCode, StageStatus } from '@pipelogiq/protocol';
import type { Ms, StageChange } from '../../store/store.js';
import { assertNever, type DomainError } from '../errors.js';
import type { AddedStages } from '../pipeline/added-stages.js';
import { isEmptyOutput } from './output.js';
import { complete, fail, type Running, release, retryAt, retryLater } from './transitions.js';

/** One settle of one delivery, its user JSON already text. */
export type Settle =
  | {
      kind: 'ack';
      ack: Ack;
      output: string | null;
      tooLarge?: number | undefined;
      /** Stages to add, or why they cannot be. */
      spawn?: AddedStages | DomainError;
    }
  | { kind: 'nack'; nack: Nack }
  | { kind: 'release'; release: Release };

export type SettleDecision =
  | { kind: 'change'; change: StageChange; failedBecause?: StageErrorCode }
  | { kind: 'repeated'; status: StageStatus }
  | { kind: 'lost'; reason: LeaseLostReason }
  /** The token is older than the current delivery: its outcome stands in the archive. */
  | { kind: 'archived' }
  | { kind: 'unknown' };

export interface Holder {
  applicationId: number;
  workerId: number;
}

export const refOf = (settle: Settle): { id: string; fencingToken: number } => {
  switch (settle.kind) {
    case 'ack':
      return settle.ack;
    case 'nack':
      return settle.nack;
    case 'release':
      return settle.release;
    default:
      return assertNever(settle);
  }
};

/** Fencing: only the holder of the current token of a running stage changes it. Everything else gets the reason. */
export function decideSettle(
  stage: Running | undefined,
  holder: Holder,
  settle: Settle,
  now: Ms,
  random: () => number,
): SettleDecision {
  if (!stage || stage.application_id !== holder.applicationId) return { kind: 'unknown' };
  const token = refOf(settle).fencingToken;
  // A rerun takes the outcome of the last delivery off the row.
  const isArchived = stage.status !== 'running' && stage.outcome === null;
  if (token < stage.fencing_token || (isArchived && token === stage.fencing_token)) return { kind: 'archived' };
  if (token > stage.fencing_token || stage.worker_id !== holder.workerId) return { kind: 'lost', reason: 'superseded' };
  if (stage.status !== 'running') return afterTheEnd(settle, stage, stage.status);
  return outcomeOf(stage, settle, now, random);
}

function outcomeOf(stage: Running, settle: Settle, now: Ms, random: () => number): SettleDecision {
  switch (settle.kind) {
    case 'ack':
      return acked(stage, settle, now);
    case 'nack': {
      const { error, retryable = true, retryAfterMs } = settle.nack;
      const at = retryable ? retryAt(stage, now, random, retryAfterMs) : undefined;
      return { kind: 'change', change: at === undefined ? fail(stage, error, now) : retryLater(stage, error, at, now) };
    }
    case 'release':
      return { kind: 'change', change: release(stage, now + (settle.release.delayMs ?? 0), now) };
    default:
      return assertNever(settle);
  }
}

function acked(stage: Running, { output, tooLarge }: Extract<Settle, { kind: 'ack' }>, now: Ms): SettleDecision {
  const failBecause = (code: StageErrorCode, message: string): SettleDecision => ({
    kind: 'change',
    change: fail(stage, { code, message }, now),
    failedBecause: code,
  });
  if (tooLarge !== undefined) return failBecause('output_too_large', `The output has ${tooLarge} bytes, more than the limit.`);
  if (stage.fail_if_output_empty === 1 && isEmptyOutput(output)) {
    return failBecause('output_empty', 'The handler gave no output, and failIfOutputEmpty is set.');
  }
  // Nearly every ack has completed by compare and set before it comes here (settle-step.ts); the rule is the same.
  return { kind: 'change', change: complete(stage, output, now) };
}

/** How a delivery ended, and by which error. */
export interface Ended {
  outcome: DeliveryOutcome | null;
  error_code: string | null;
}

/** Errors that the server finds in an ack; every other failure came with a nack. */
const ACK_ERRORS: readonly string[] = ['output_too_large', 'output_empty', 'spawn_invalid'] satisfies StageErrorCode[];

/** The call that ended a delivery in this way. */
export function kindThatEnded({ outcome, error_code }: Ended): Settle['kind'] | undefined {
  if (outcome === 'completed') return 'ack';
  if (outcome === 'retried') return 'nack';
  if (outcome === 'released') return 'release';
  if (outcome === 'failed') return ACK_ERRORS.includes(error_code ?? '') ? 'ack' : 'nack';
  return undefined;
}

/** A settle of a delivery that has ended: the same kind again is a repetition, anything else came too late. */
export function afterTheEnd(settle: Settle, ended: Ended, status: StageStatus): SettleDecision {
  if (ended.outcome !== null && kindThatEnded(ended) === settle.kind) {
    return { kind: 'repeated', status: statusAfter(ended.outcome, status) };
  }
  return { kind: 'lost', reason: lostReason(ended.outcome) };
}

/** The status that this delivery left behind, whatever the stage has become since. */
function statusAfter(outcome: DeliveryOutcome, status: StageStatus): StageStatus {
  if (outcome === 'completed' || outcome === 'failed') return outcome;
  return status === 'scheduled' ? 'scheduled' : 'pending';
}

export function lostReason(outcome: DeliveryOutcome | null): LeaseLostReason {
  switch (outcome) {
    case 'expired':
    case 'timed_out':
    case 'cancelled':
    case 'superseded':
      return outcome;
    case 'completed':
    case 'failed':
    case 'retried':
    case 'released':
      return 'already_settled';
    case null:
      return 'superseded';
    default:
      return assertNever(outcome);
  }
}

const MESSAGES: Record<LeaseLostReason, string> = {
  expired: 'The lease ended before the settle arrived; the stage was given to another delivery.',
  timed_out: 'The delivery took longer than timeoutMs and was ended.',
  cancelled: 'The pipeline was cancelled.',
  superseded: 'The stage is held by another delivery.',
  already_settled: 'This delivery was settled before, in another way.',
};

export const leaseLost = (id: string, reason: LeaseLostReason) => ({
  id,
  error: { code: 'lease_lost' as const, reason, message: MESSAGES[reason] },
});
