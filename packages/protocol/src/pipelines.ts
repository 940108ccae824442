import type { Problem } from './errors.js';
import type { ObservabilityLinks } from './integrations.js';
import type { Json } from './json.js';
import type { DeliveryOutcome, PipelineStatus, StageStatus, Trigger } from './states.js';

/** Wait before the next attempt: `fixed` delayMs; `linear` delayMs × attempt; `exponential` delayMs × 2^(attempt-1); all capped. */
export interface Backoff {
  type: 'fixed' | 'linear' | 'exponential';
  /** Milliseconds. */
  delayMs: number;
  /** Milliseconds; default 300,000. */
  maxDelayMs?: number;
  /** Full jitter: a random wait between 0 and the computed one. Default true. */
  jitter?: boolean;
}

export interface StageOptions {
  /** -100 (last) to 100 (first); default: the pipeline's, else 0. */
  priority?: number;
  /** RFC 3339 time before which the stage is not delivered. Not together with `delayMs`. */
  runAt?: string;
  /** Milliseconds to wait after the stage became ready. */
  delayMs?: number;
  /** Milliseconds from the lease to the end of one delivery; default 30 minutes. */
  timeoutMs?: number;
  /** Milliseconds that a stage may stay pending before it fails as `pending_timed_out`; stands still while paused. Default: no limit. */
  pendingTimeoutMs?: number;
  /** Deliveries that count before the stage fails; default 3. */
  maxAttempts?: number;
  backoff?: Backoff;
  /** Dependents run even when this stage failed. Default false. */
  runNextIfFailed?: boolean;
  /** An ack without output (absent, null, empty string, array or object) fails the stage. Default false. */
  failIfOutputEmpty?: boolean;
  notifyOnFailure?: boolean;
}

export interface StageSpec extends StageOptions {
  /** Unique in the pipeline. */
  name: string;
  /** Name of the code that runs it; default: the stage's name. */
  handler?: string;
  /** Any JSON; may contain output references `{"$output": {"stage", "path"}}`, resolved when the stage is leased. */
  input?: Json;
  /** Names of stages; absent: the stage listed before; `[]`: starts at once. */
  dependsOn?: string[];
  /** Takes the same dependencies as these stages. */
  runInParallelWith?: string[];
  /**
   * Makes it an event stage: no worker runs it. When its dependencies are satisfied and its delay is over it is `waiting`, until
   * `POST /stages/{id}/complete` ends it or `timeoutMs` (counted from then, default 366 days) fails it as `event_timed_out`.
   */
  waitFor?: 'event';
}

/** A reference to the output of an upstream stage inside an input. `path` walks object keys and array indexes. */
export interface OutputReference {
  $output: { stage: string; path?: (string | number)[] };
}

export interface CreatePipeline {
  name: string;
  stages: StageSpec[];
  /** Searchable tags. */
  keywords?: string[];
  /** Shared key/value state; every value is JSON. */
  context?: { [key: string]: Json };
  /** Same key and same body: the first pipeline again. Same key, other body: 409 `idempotency_conflict`. */
  idempotencyKey?: string;
  trigger?: Trigger;
  environment?: string;
  version?: string;
  /** Default of its stages. */
  priority?: number;
  /** RFC 3339 time before which no stage is delivered. */
  runAt?: string;
  /** Milliseconds from creation within which it should finish. */
  slaMs?: number;
  /** W3C Trace Context; the `traceparent` header counts when the field is absent. */
  traceparent?: string;
  tracestate?: string;
}

export interface PipelineCreated {
  id: string;
  traceId: string;
  status: PipelineStatus;
  /** False when an earlier request with the same idempotency key made it. */
  created: boolean;
}

export interface CreatePipelineBatch {
  pipelines: CreatePipeline[];
}

/** One result per item, in order. */
export interface PipelineBatchResult {
  results: (PipelineCreated | { error: Problem })[];
}

export interface PipelineSummary {
  id: string;
  name: string;
  status: PipelineStatus;
  application: string;
  trigger: Trigger;
  environment?: string;
  version?: string;
  keywords: string[];
  traceId: string;
  /** 1 for the first run; each rerun adds one. */
  run: number;
  /** RFC 3339 times. */
  createdAt: string;
  runAt?: string;
  startedAt?: string;
  finishedAt?: string;
  stages: StageCounts;
}

export interface StageCounts {
  total: number;
  open: number;
  completed: number;
  failed: number;
  skipped: number;
  cancelled: number;
  blocked: number;
}

export interface Pipeline extends PipelineSummary {
  rootSpanId: string;
  parentSpanId?: string;
  priority: number;
  slaMs?: number;
  idempotencyKey?: string;
  cancelReason?: string;
  /** Only of a pipeline that was asked for alone. */
  links?: ObservabilityLinks;
}

export interface StageError {
  code: string;
  message: string;
  stack?: string;
}

export interface Stage {
  id: string;
  pipelineId: string;
  name: string;
  handler: string;
  status: StageStatus;
  dependsOn: string[];
  spanId: string;
  priority: number;
  /** Attempts spent so far. */
  attempts: number;
  maxAttempts: number;
  fencingToken: number;
  timeoutMs: number;
  runNextIfFailed: boolean;
  /** Set for event stages. */
  waitFor?: 'event';
  pendingTimeoutMs?: number;
  /** The input as given, references unresolved. */
  input: Json;
  output: Json;
  error?: StageError;
  progress?: { ratio: number; message?: string };
  workerId?: string;
  runAt?: string;
  readyAt?: string;
  startedAt?: string;
  finishedAt?: string;
  leaseExpiresAt?: string;
  /** When it fails for having been `pending` or `waiting` too long; stands still while it is held. */
  waitEndsAt?: string;
  /** Only in lists of the stages of a pipeline. */
  links?: ObservabilityLinks;
}

/** One delivery of a stage. */
export interface Attempt {
  stageId: string;
  stage: string;
  /** Its stage had been spawned, and a rerun took it away. */
  removed?: true;
  fencingToken: number;
  spanId: string;
  workerId: string;
  /** Absent while it runs. */
  outcome?: DeliveryOutcome;
  error?: StageError;
  readyAt: string;
  startedAt: string;
  finishedAt?: string;
}

export interface ContextItem {
  key: string;
  value: Json;
  sensitive: boolean;
  updatedAt: string;
}

/** A structured line that a handler wrote. */
export interface StageLog {
  id: string;
  stageId: string;
  stage: string;
  /** Its stage had been spawned, and a rerun took it away. */
  removed?: true;
  fencingToken: number;
  level: LogLevel;
  message: string;
  fields?: { [key: string]: Json };
  loggedAt: string;
}
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Page<Item> {
  items: Item[];
  /** Pass as `cursor` for the next page; null on the last. */
  nextCursor: string | null;
}

export interface PipelineFilter {
  status?: PipelineStatus;
  name?: string;
  application?: string;
  keyword?: string;
  version?: string;
  /** Prefix of names and keywords. */
  search?: string;
  /**
   * Values of the context, by key: all must be there, and at most 5 may be asked for. A text stands for the string, and for the number, truth value
   * or null it spells. Sensitive values, objects and arrays are never found.
   */
  context?: { [key: string]: string };
  traceId?: string;
  /** Created at or after, RFC 3339. */
  from?: string;
  /** Created before, RFC 3339. */
  to?: string;
  limit?: number;
  cursor?: string;
}

/** Answer of `GET /pipelines/{id}/wait`: the pipeline, final or as it was when the time ran out. */
export interface PipelineWaited {
  pipeline: Pipeline;
  done: boolean;
}

export interface CancelPipeline {
  reason?: string;
}
