/**
 * What `GET /events` tells. New types may come with any minor version: ignore those that you do not know.
 *
 * - `pipeline_created`: with `status: running` it has started at once, with `not_started` a `pipeline_started` follows
 * - `pipeline_started`: its `runAt` came
 * - `pipeline_completed`, `pipeline_failed`, `pipeline_cancelled`: it ended
 * - `pipeline_paused`, `pipeline_resumed`, `pipeline_rerun`: an operator did so; a rerun opens an ended pipeline again
 * - `stage_ready`: a worker can lease it now
 * - `stage_leased`: it was given to a worker
 * - `stage_waiting`: an event stage waits to be completed from outside
 * - `stage_completed`, `stage_failed`, `stage_skipped`, `stage_cancelled`, `stage_blocked`: it will not run any more, unless an
 *   operator reruns it
 * - `stage_retried`: an attempt failed and another follows, at `runAt`
 * - `stage_expired`, `stage_timed_out`: the lease or the time for a delivery ended without a settle, and another delivery follows
 * - `stage_released`: its worker gave it back
 * - `stage_rerun`: an operator has it run anew
 * - `stage_progress`: its handler reported progress
 * - `worker_started`: a worker opened a session
 * - `worker_drained`: an operator told it to finish what it has and to take nothing new
 * - `worker_stopped`: it ended its session
 * - `deploy_marked`: a deployment was marked
 * - `reset`: events were missed; read the present state anew. Sent whatever types were asked for
 */
export const EVENT_TYPES = [
  'pipeline_created',
  'pipeline_started',
  'pipeline_completed',
  'pipeline_failed',
  'pipeline_cancelled',
  'pipeline_paused',
  'pipeline_resumed',
  'pipeline_rerun',
  'stage_ready',
  'stage_leased',
  'stage_waiting',
  'stage_completed',
  'stage_failed',
  'stage_retried',
  'stage_expired',
  'stage_timed_out',
  'stage_released',
  'stage_skipped',
  'stage_cancelled',
  'stage_blocked',
  'stage_rerun',
  'stage_progress',
  'worker_started',
  'worker_drained',
  'worker_stopped',
  'deploy_marked',
  'reset',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

interface EventOf<Type extends EventType> {
  type: Type;
  /** RFC 3339; when the commit that it was part of began. */
  at: string;
}

type PipelineEventType = Extract<EventType, `pipeline_${string}`>;
type StageEventType = Extract<EventType, `stage_${string}`>;
type WorkerEventType = Extract<EventType, `worker_${string}`>;

export interface PipelineEvent<Type extends PipelineEventType = PipelineEventType> extends EventOf<Type> {
  pipelineId: string;
  /** Its name. */
  pipeline: string;
}

export interface PipelineCreatedEvent extends PipelineEvent<'pipeline_created'> {
  status: 'running' | 'not_started';
}

export interface StageEvent<Type extends StageEventType = StageEventType> extends EventOf<Type> {
  pipelineId: string;
  stageId: string;
  /** Its name. */
  stage: string;
}

export interface StageLeasedEvent extends StageEvent<'stage_leased'> {
  workerId: string;
  /** 1 for the first delivery that counts. */
  attempt: number;
}

export interface StageFailedEvent extends StageEvent<'stage_failed'> {
  /** Code of its error, as `boom` or `timed_out`. */
  errorCode?: string;
}

/** A delivery ended without an end of the stage. */
export interface StageAgainEvent extends StageEvent<'stage_retried' | 'stage_expired' | 'stage_timed_out' | 'stage_released'> {
  /** RFC 3339; when it can be leased again. */
  runAt?: string;
  errorCode?: string;
}

export interface StageProgressEvent extends StageEvent<'stage_progress'> {
  /** 0 to 1. */
  ratio?: number;
  message?: string;
}

export interface WorkerEvent extends EventOf<WorkerEventType> {
  workerId: string;
  /** Its name. */
  worker: string;
}

export interface DeployMarkedEvent extends EventOf<'deploy_marked'> {
  markId: string;
  version: string;
  /** RFC 3339; when it was deployed. */
  markedAt: string;
  title?: string;
  link?: string;
  /** Name of the pipelines that it changes; absent: all. */
  pipeline?: string;
  environment?: string;
}

export type ResetEvent = EventOf<'reset'>;

/**
 * The `data` of one server-sent event, whose `event` field has the same `type`. Its `id` field is the cursor that `Last-Event-ID`
 * resumes from.
 */
export type LiveEvent =
  | PipelineCreatedEvent
  | PipelineEvent<Exclude<PipelineEventType, 'pipeline_created'>>
  | StageLeasedEvent
  | StageFailedEvent
  | StageAgainEvent
  | StageProgressEvent
  | StageEvent<Exclude<StageEventType, 'stage_leased' | 'stage_failed' | StageAgainEvent['type'] | 'stage_progress'>>
  | WorkerEvent
  | DeployMarkedEvent
  | ResetEvent;

/** What `GET /events` is asked for. */
export interface EventFilter {
  /** Events of one pipeline alone. */
  pipelineId?: string;
  /** Comma-separated types; default: all. */
  types?: string;
}
