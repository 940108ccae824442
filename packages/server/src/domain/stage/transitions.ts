import type { StageError, StageErrorCode } from '@pipelogiq/protocol';
import type { ClaimedStage, DeliveryRow, Ms, StageChange } from '../../store/store.js';
import { backoffMs, storedBackoff } from './backoff.js';

/**
 * One named constructor for each transition out of a delivery. Each says what it expects to find (status and token), and the
 * database refuses it when that is no longer so. The transitions of whole sets — create, unblock, promote, lease, cancel — are
 * statements of the store.
 */
export type Running = DeliveryRow;

const held = (stage: Pick<DeliveryRow, 'id' | 'fencing_token' | 'attempts' | 'expiries'>, now: Ms): StageChange => ({
  id: stage.id,
  from: 'running',
  fencingToken: stage.fencing_token,
  to: 'running',
  outcome: null,
  attempts: stage.attempts,
  expiries: stage.expiries,
  runAt: null,
  readyAt: null,
  output: null,
  errorCode: null,
  error: null,
  settledAt: now,
  finishedAt: null,
});

/** When it is due, a stage is pending at once; a timer promotes what is due later. */
const due = (runAt: Ms, now: Ms): Pick<StageChange, 'to' | 'runAt' | 'readyAt'> =>
  runAt > now ? { to: 'scheduled', runAt, readyAt: null } : { to: 'pending', runAt: now, readyAt: now };

const because = (error: StageError): Pick<StageChange, 'errorCode' | 'error'> => ({
  errorCode: error.code,
  error: JSON.stringify(error),
});

export const complete = (stage: Running, output: string | null, now: Ms): StageChange => ({
  ...held(stage, now),
  to: 'completed',
  outcome: 'completed',
  attempts: stage.attempts + 1,
  expiries: 0,
  output,
  finishedAt: now,
});

export const fail = (stage: Running, error: StageError, now: Ms): StageChange => ({
  ...held(stage, now),
  ...because(error),
  to: 'failed',
  outcome: 'failed',
  attempts: stage.attempts + 1,
  expiries: 0,
  finishedAt: now,
});

export const retryLater = (stage: Running, error: StageError, runAt: Ms, now: Ms): StageChange => ({
  ...held(stage, now),
  ...because(error),
  ...due(runAt, now),
  outcome: 'retried',
  attempts: stage.attempts + 1,
  expiries: 0,
});

/** Spends neither an attempt nor an expiry. */
export const release = (stage: Running, runAt: Ms, now: Ms): StageChange => ({
  ...held(stage, now),
  ...due(runAt, now),
  outcome: 'released',
  expiries: 0,
});

/** The lease ended without a settle: an attempt is spent, and the next one needs no backoff, for the handler never failed. */
export const expireLease = (stage: Running, failAs: StageErrorCode | undefined, now: Ms): StageChange => {
  const spent = { ...held(stage, now), outcome: 'expired' as const, attempts: stage.attempts + 1, expiries: stage.expiries + 1 };
  if (failAs === undefined) return { ...spent, ...because(EXPIRED), ...due(now, now) };
  return { ...spent, ...because(failAs === 'poisoned' ? POISONED : EXPIRED), to: 'failed', finishedAt: now };
};

/** `timeoutMs` is over, whatever the heartbeats say. */
export const timeOut = (stage: Running, retryAt: Ms | undefined, now: Ms): StageChange => {
  const spent = { ...held(stage, now), ...because(TIMED_OUT), outcome: 'timed_out' as const, attempts: stage.attempts + 1 };
  return retryAt === undefined ? { ...spent, to: 'failed', finishedAt: now } : { ...spent, ...due(retryAt, now) };
};

/** Fails a stage that is about to be leased: no delivery took place, so there is no outcome and no attempt. */
export const failBeforeDelivery = (stage: ClaimedStage, error: StageError, now: Ms): StageChange => ({
  ...held({ ...stage, expiries: 0 }, now),
  ...because(error),
  from: 'pending',
  to: 'failed',
  finishedAt: now,
});

/** When the next attempt is due, or undefined when the one that just ended was the last. */
export function retryAt(stage: Running, now: Ms, random: () => number, afterMs?: number): Ms | undefined {
  const spent = stage.attempts + 1;
  if (spent >= stage.max_attempts) return undefined;
  return now + (afterMs ?? backoffMs(storedBackoff(stage.backoff), spent, random));
}

const EXPIRED: StageError = { code: 'lease_expired', message: 'The worker sent no heartbeat before its lease ended.' };
const POISONED: StageError = {
  code: 'poisoned',
  message: 'Three leases in a row ended without a settle: the stage may be crashing its workers.',
};
const TIMED_OUT: StageError = { code: 'timed_out', message: 'The handler did not finish within timeoutMs.' };
