import type { StageError } from './pipelines.js';
import type { StageStatus } from './states.js';

export const DIAGNOSIS_CODES = [
  'finished',
  'leased',
  'waiting_event',
  'blocked',
  'pipeline_not_started',
  'dependency',
  'backoff',
  'delay',
  'throttled',
  'paused',
  'no_worker',
  'workers_draining',
  'all_busy',
  'ready_now',
] as const;
export type DiagnosisCode = (typeof DIAGNOSIS_CODES)[number];

/** `GET /stages/{id}/diagnosis`: everything that keeps a stage from running, as it was at `checkedAt`. */
export interface StageDiagnosis {
  stageId: string;
  status: StageStatus;
  /** Whether it can be leased: the next free worker that has the handler gets it. The reasons then speak of workers only. */
  runnable: boolean;
  /** At least one. A newer server may give codes that are not listed here. */
  reasons: DiagnosisReason[];
  /** RFC 3339. */
  checkedAt: string;
}

/** One reason. `code` says which other fields there are. */
export type DiagnosisReason =
  | FinishedReason
  | LeasedReason
  | WaitingEventReason
  | BlockedReason
  | PipelineNotStartedReason
  | DependencyReason
  | BackoffReason
  | DelayReason
  | ThrottledReason
  | PausedReason
  | NoWorkerReason
  | WorkersDrainingReason
  | AllBusyReason
  | ReadyNowReason;

interface Reason<Code extends DiagnosisCode> {
  code: Code;
  /** One or two sentences that name the thing and say what can be done. For people: its words may change. */
  message: string;
  /** RFC 3339: since when it holds, where that is known. */
  since?: string;
  /** RFC 3339: when it ends by itself, where it does. */
  until?: string;
}

/** Another stage of the pipeline. */
export interface DiagnosedDependency {
  stageId: string;
  name: string;
  status: StageStatus;
}

/** It is final: completed, failed, skipped or cancelled. */
export interface FinishedReason extends Reason<'finished'> {
  /** Why it failed. */
  error?: StageError;
}

/** A worker runs it. `since` is the lease's begin, `until` the moment at which the lease ends without a heartbeat. */
export interface LeasedReason extends Reason<'leased'> {
  workerId: string;
  /** Absent when the worker is not known any more. */
  workerName?: string;
  fencingToken: number;
  /** The attempt that runs, from 1. */
  attempt: number;
  maxAttempts: number;
  /** RFC 3339: when the delivery is ended, whatever the heartbeats say. */
  timeoutAt?: string;
  /** Milliseconds since the worker was last heard of. */
  heartbeatAgeMs?: number;
}

/** It waits for `POST /stages/{id}/complete`. `until` is when it fails for having waited too long. */
export type WaitingEventReason = Reason<'waiting_event'>;

/** It cannot run: something that it depends on, directly or not, failed or was cancelled. */
export interface BlockedReason extends Reason<'blocked'> {
  /** What failed or was cancelled, at most 20. */
  dependencies: DiagnosedDependency[];
}

/** `runAt` of the pipeline lies ahead. */
export type PipelineNotStartedReason = Reason<'pipeline_not_started'>;

/** Stages that it depends on are not done. */
export interface DependencyReason extends Reason<'dependency'> {
  /** How many. */
  open: number;
  /** The first 20 of them. */
  dependencies: DiagnosedDependency[];
}

/** An attempt failed; the next one is due at `until`. */
export interface BackoffReason extends Reason<'backoff'> {
  /** Attempts that are spent. */
  attempt: number;
  maxAttempts: number;
  lastError?: StageError;
}

/** `runAt` or `delayMs` of the stage, or the delay that a worker gave it back with. */
export type DelayReason = Reason<'delay'>;

/** A policy holds it. */
export type ThrottledReason = Reason<'throttled'>;

/** Its pipeline is paused. */
export type PausedReason = Reason<'paused'>;

/** No live worker of the application has the handler. */
export interface NoWorkerReason extends Reason<'no_worker'> {
  handler: string;
  /** A handler that a live worker has and that is spelled almost the same. */
  didYouMean?: string;
  /** The worker that had the handler last. */
  lastWorker?: { id: string; name: string; lastSeenAt: string };
}

/** Every live worker that has the handler finishes its jobs and takes no more. */
export interface WorkersDrainingReason extends Reason<'workers_draining'> {
  handler: string;
  workers: number;
}

/** Every live worker that has the handler has jobs in flight, and none asked for this stage yet. */
export interface AllBusyReason extends Reason<'all_busy'> {
  handler: string;
  /** Live workers that take jobs. */
  workers: number;
  /** Jobs that they hold together, of all their handlers. */
  inFlight: number;
  /** Stages of the handler that are leased before this one; counted up to 1,000. */
  ahead: number;
}

/** Nothing holds it: a worker with the handler has no job in flight. */
export interface ReadyNowReason extends Reason<'ready_now'> {
  handler: string;
  workers: number;
  /** As in AllBusyReason. */
  ahead: number;
}
