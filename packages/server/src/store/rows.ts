import type { DeliveryOutcome, FinalPipelineStatus, StageStatus, WorkerState } from '@pipelogiq/protocol';
import type {
  ApplicationTable,
  ContextItemTable,
  Flag,
  PipelineTable,
  StageAttemptTable,
  StageLogTable,
  StageTable,
  WorkerTable,
} from './schema.js';

export type Ms = number;

/** A JSON-free view of the rows; user JSON stays text. */
export type PipelineRow = PipelineTable;
export type StageRow = StageTable;
export type AttemptRow = StageAttemptTable;
export type WorkerRow = WorkerTable;
export type ApplicationRow = ApplicationTable;
export type ContextRow = ContextItemTable;
export type StageLogRow = StageLogTable;

export type KnownPipeline = Pick<PipelineRow, 'id' | 'application_id' | 'idempotency_key' | 'body_hash' | 'trace_id' | 'status'>;

export type NewPipeline = Pick<
  PipelineRow,
  | 'id'
  | 'application_id'
  | 'name'
  | 'version'
  | 'environment'
  | 'status'
  | 'trigger'
  | 'priority'
  | 'trace_id'
  | 'root_span_id'
  | 'parent_span_id'
  | 'trace_flags'
  | 'tracestate'
  | 'idempotency_key'
  | 'body_hash'
  | 'keywords'
  | 'has_context'
  | 'run_at'
  | 'sla_ms'
  | 'created_at'
  | 'started_at'
  | 'stages_total'
  | 'stages_open'
>;

export type NewStage = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'status'
  | 'priority'
  | 'not_before'
  | 'delay_ms'
  | 'run_at'
  | 'ready_at'
  | 'dependency_count'
  | 'open_dependencies'
  | 'span_id'
  | 'input'
  | 'reference_positions'
  | 'timeout_ms'
  | 'pending_timeout_ms'
  | 'wait_for'
  | 'max_attempts'
  | 'backoff'
  | 'run_next_if_failed'
  | 'fail_if_output_empty'
  | 'notify_on_failure'
>;

export type ClaimedStage = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'span_id'
  | 'fencing_token'
  | 'attempts'
  | 'max_attempts'
  | 'timeout_ms'
  | 'reference_positions'
  | 'dependency_count'
  | 'lease_expires_at'
  | 'timeout_at'
  | 'run_next_if_failed'
  | 'ready_at'
  | 'priority'
> & {
  input_bytes: number;
  /** Of the outputs of its dependencies and the context together. */
  payload_bytes: number;
  pipeline_name: string;
  trace_id: string;
  trace_flags: number;
  tracestate: string | null;
  has_context: Flag;
};

export interface NewDelivery {
  id: number;
  worker_id: number;
  pull_seq: number;
}

export type StartedDelivery = Pick<StageRow, 'id' | 'input' | 'fencing_token'>;

/** An ack, with all that must still hold for it to count. */
export interface Completion {
  id: number;
  fencing_token: number;
  worker_id: number;
  application_id: number;
  output: string | null;
  is_empty: Flag;
}

export type StageOutput = Pick<StageRow, 'id' | 'name' | 'status' | 'output'>;

export interface DependencyOutput {
  stage_id: number;
  depends_on_id: number;
  name: string;
  handler: string;
  output: string | null;
}

export type DeliveryRow = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'status'
  | 'fencing_token'
  | 'outcome'
  | 'worker_id'
  | 'attempts'
  | 'max_attempts'
  | 'expiries'
  | 'backoff'
  | 'run_next_if_failed'
  | 'fail_if_output_empty'
  | 'lease_expires_at'
  | 'timeout_at'
  | 'leased_at'
  | 'delivery_ready_at'
  | 'spawned_by_id'
  | 'log_lines'
  | 'error_code'
  | 'span_id'
>;

/** A transition of one stage, made by a named constructor of domain/stage/transitions.ts and guarded by the database. */
export interface StageChange {
  id: number;
  /** Guards. */
  from: StageStatus;
  fencingToken: number;
  to: StageStatus;
  outcome: DeliveryOutcome | null;
  attempts: number;
  expiries: number;
  /** When it is due again; null when it is not. */
  runAt: Ms | null;
  readyAt: Ms | null;
  output: string | null;
  errorCode: string | null;
  error: string | null;
  settledAt: Ms;
  finishedAt: Ms | null;
}

/** A stage that changed as it was decided. */
export type AppliedChange = Pick<StageRow, 'id' | 'held' | 'pending_timeout_ms'>;

/** `attempts` counts this delivery. */
export type CompletedRow = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'fencing_token'
  | 'worker_id'
  | 'attempts'
  | 'leased_at'
  | 'delivery_ready_at'
  | 'spawned_by_id'
  | 'span_id'
>;

export type BlockedRow = Pick<StageRow, 'id' | 'application_id' | 'pipeline_id' | 'name' | 'handler'>;

export type ReadyStage = Pick<
  StageRow,
  'id' | 'application_id' | 'pipeline_id' | 'name' | 'handler' | 'status' | 'run_at' | 'ready_at' | 'pending_timeout_ms' | 'held'
>;

/** A stage that has not run yet: one that may wait too long, or that waits for an event. */
export type WaitingStage = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'status'
  | 'held'
  | 'run_at'
  | 'ready_at'
  | 'pending_timeout_ms'
  | 'wait_for'
  | 'span_id'
  | 'event_tokens'
  | 'event_result'
  | 'fencing_token'
  | 'attempts'
  | 'run_next_if_failed'
  | 'fail_if_output_empty'
  | 'error_code'
>;

export interface CounterDelta {
  pipelineId: number;
  open: number;
  completed: number;
  failed: number;
  tolerated: number;
  cancelled: number;
  blocked: number;
}

/** What is told of a pipeline that ended. */
export type EndedPipeline = Pick<PipelineRow, 'id' | 'application_id' | 'name' | 'trigger' | 'run' | 'started_at'> & {
  status: FinalPipelineStatus;
  trace_id?: string;
  trace_flags?: number;
};

/** A pipeline that stages were counted in. */
export type CountedPipeline = Pick<
  PipelineRow,
  | 'id'
  | 'application_id'
  | 'name'
  | 'status'
  | 'trigger'
  | 'run'
  | 'created_at'
  | 'started_at'
  | 'stages_completed'
  | 'trace_id'
  | 'trace_flags'
> & {
  /** Whether it ended with this. */
  ended: Flag;
};

/** A pipeline whose time to start has come. */
export type StartedPipeline = Pick<PipelineRow, 'id' | 'application_id' | 'name'>;

/** What a worker may do now, and how far the pulls of which session have come. */
export type WorkerStanding = Pick<WorkerRow, 'id' | 'state' | 'order_given' | 'session_hash'> & { last_pull_seq: number };

export interface WorkerBeat {
  id: number;
  state: WorkerState;
  in_flight: number;
  processed: number;
  failed: number;
  cpu_percent: number | null;
  memory_mb: number | null;
  last_error: string | null;
  last_seen_at: Ms;
}

/** How many stages of one handler can be leased, or are waited for. */
export interface ReadyWork {
  applicationId: number;
  handler: string;
  count: number;
}

/** From (inclusive) to (exclusive). */
export interface IdRange extends Record<string, number> {
  from: number;
  to: number;
}

export interface ReadPage {
  limit: number;
  /** Exclusive; ids descend in lists of pipelines and workers, ascend elsewhere. */
  after?: number | undefined;
}

export type { Flag };
