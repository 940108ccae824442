import type { StageError, StageStatus } from '@pipelogiq/protocol';
import type { Ms, StageChange, StageRow, WaitingStage } from '../../store/store.js';

/**
 * Stages that are ready and have not run: `pending` ones, which a worker may take, and event stages, which are `waiting` until
 * somebody outside completes them. Both may be bounded in time; while a stage is held its time stands still.
 */

/** wait: an event stage is no worker's to lease. */
export const statusWhenReady = (stage: Pick<StageRow, 'wait_for'>): Extract<StageStatus, 'pending' | 'waiting'> =>
  stage.wait_for === null ? 'pending' : 'waiting';

/** When it has been pending or waiting for too long; null when it never has. */
export function waitEndsAt(stage: Pick<StageRow, 'status' | 'ready_at' | 'pending_timeout_ms'>): Ms | null {
  if (stage.status !== 'pending' && stage.status !== 'waiting') return null;
  return stage.ready_at === null || stage.pending_timeout_ms === null ? null : stage.ready_at + stage.pending_timeout_ms;
}

/** No delivery takes place, so there is no outcome and no attempt; the last delivery, if any, is in the archive. */
const left = (stage: WaitingStage, now: Ms): StageChange => ({
  id: stage.id,
  from: stage.status,
  fencingToken: stage.fencing_token,
  to: stage.status,
  outcome: null,
  attempts: stage.attempts,
  expiries: 0,
  runAt: null,
  readyAt: null,
  output: null,
  errorCode: null,
  error: null,
  settledAt: now,
  finishedAt: now,
});

/** The event came: the stage is completed as by an ack. */
export const fulfil = (stage: WaitingStage, output: string | null, now: Ms): StageChange => ({
  ...left(stage, now),
  to: 'completed',
  output,
});

/** The event says that it failed, or the wait is over without one. An event has no further attempt. */
export const failWait = (stage: WaitingStage, error: StageError, now: Ms): StageChange => ({
  ...left(stage, now),
  to: 'failed',
  errorCode: error.code,
  error: JSON.stringify(error),
});

const PENDING_TIMED_OUT: StageError = {
  code: 'pending_timed_out',
  message: 'No worker took the stage within pendingTimeoutMs.',
};
const EVENT_TIMED_OUT: StageError = { code: 'event_timed_out', message: 'Nothing completed the stage within timeoutMs.' };

/** pendingTimeOut: what becomes of a stage whose time to be taken or completed is over. Undefined: it is not. */
export function decideWaitEnd(stage: WaitingStage, now: Ms): StageChange | undefined {
  const endsAt = waitEndsAt(stage);
  if (endsAt === null || endsAt > now || stage.held === 1) return undefined;
  return failWait(stage, stage.status === 'waiting' ? EVENT_TIMED_OUT : PENDING_TIMED_OUT, now);
}
