import type { DeliveryOutcome, PipelineStatus, StageStatus, Trigger, WorkerOrder, WorkerState } from '@pipelogiq/protocol';
import type { ApiKeyTable, UserLinkTable, UserRoleTable, UserSessionTable, UserTable } from './account-rows.js';
import type { AlertRuleEndTable, AlertRuleNarrowedTable } from './alert-end-rows.js';
import type {
  AlertChannelGoneTable,
  AlertChannelTable,
  AlertConditionTable,
  AlertDeliveryTable,
  AlertIncidentTable,
  AlertOutboxFailureTable,
  AlertOutboxTable,
  AlertParkedTable,
  AlertRuleTable,
  AlertSilenceTable,
} from './alert-rows.js';
import type { EventTable } from './event-rows.js';
import type {
  ErrorGroupTable,
  MarkTable,
  StageFailureTable,
  StatDeltaTable,
  StatPageTable,
  StatSeriesTable,
} from './insight-rows.js';
import type { IntegrationConfigTable, IntegrationDeliveryTable, IntegrationHealthTable } from './integration-rows.js';
import type { AuditEventTable, BulkActionTable, StageAppendTable } from './operate-rows.js';
import type { PrunedPipelineTable } from './retention-rows.js';
import type { SpanExportTable } from './span-rows.js';
import type { HookDeliveryTable, HookTable, ScheduleFiringTable, ScheduleTable } from './trigger-rows.js';

/** Tables as Kysely sees them. Ids are integers, times epoch milliseconds, flags 0 or 1, user JSON text. */
export interface Schema {
  application: ApplicationTable;
  api_key: ApiKeyTable;
  worker: WorkerTable;
  worker_pull: WorkerPullTable;
  id_block: IdBlockTable;
  server_state: ServerStateTable;
  leader: LeaderTable;
  pipeline: PipelineTable;
  pipeline_keyword: PipelineKeywordTable;
  context_item: ContextItemTable;
  stage: StageTable;
  stage_dependency: StageDependencyTable;
  stage_attempt: StageAttemptTable;
  stage_log: StageLogTable;
  removed_stage: RemovedStageTable;
  span_export: SpanExportTable;
  audit_event: AuditEventTable;
  bulk_action: BulkActionTable;
  stage_append: StageAppendTable;
  event: EventTable;
  pruned_pipeline: PrunedPipelineTable;
  schedule: ScheduleTable;
  schedule_firing: ScheduleFiringTable;
  hook: HookTable;
  hook_delivery: HookDeliveryTable;
  stat_delta: StatDeltaTable;
  stat_series: StatSeriesTable;
  stat_page: StatPageTable;
  error_group: ErrorGroupTable;
  stage_failure: StageFailureTable;
  mark: MarkTable;
  observability_integration_config: IntegrationConfigTable;
  observability_integration_health: IntegrationHealthTable;
  integration_delivery: IntegrationDeliveryTable;
  alert_channel: AlertChannelTable;
  alert_channel_gone: AlertChannelGoneTable;
  alert_rule: AlertRuleTable;
  alert_rule_end: AlertRuleEndTable;
  alert_rule_narrowed: AlertRuleNarrowedTable;
  alert_silence: AlertSilenceTable;
  alert_outbox: AlertOutboxTable;
  alert_outbox_failure: AlertOutboxFailureTable;
  alert_parked: AlertParkedTable;
  alert_incident: AlertIncidentTable;
  alert_condition: AlertConditionTable;
  alert_delivery: AlertDeliveryTable;
  user_account: UserTable;
  user_role: UserRoleTable;
  user_session: UserSessionTable;
  user_link: UserLinkTable;
}

export type Flag = 0 | 1;

export interface ApplicationTable {
  id: number;
  name: string;
  created_at: number;
}

export interface WorkerTable {
  id: number;
  application_id: number;
  name: string;
  instance_id: string;
  session_hash: string;
  pool: string;
  /** JSON array. */
  handlers: string;
  state: WorkerState;
  order_given: WorkerOrder;
  environment: string | null;
  version: string | null;
  sdk_version: string | null;
  host_name: string | null;
  pid: number | null;
  metadata: string | null;
  /** Jobs that it takes at a time; null when it did not say. */
  concurrency: number | null;
  in_flight: number;
  processed: number;
  failed: number;
  cpu_percent: number | null;
  memory_mb: number | null;
  last_error: string | null;
  started_at: number;
  last_seen_at: number;
}

export interface WorkerPullTable {
  worker_id: number;
  /** As in `worker`; here it is read under the lock of the pull. */
  session_hash: string;
  /** Highest pullSeq of the worker's session that was given jobs. */
  last_pull_seq: number;
}

/** Only where the store has no sequences. */
export interface IdBlockTable {
  name: string;
  next_id: number;
}

export interface ServerStateTable {
  key: string;
  value: string;
}

/** Which server does the background work. */
export interface LeaderTable {
  name: string;
  holder: string;
  /** Grows with every change of the holder. */
  term: number;
  expires_at: number;
}

export interface PipelineTable {
  id: number;
  application_id: number;
  name: string;
  version: string | null;
  environment: string | null;
  status: PipelineStatus;
  trigger: Trigger;
  priority: number;
  run: number;
  trace_id: string;
  root_span_id: string;
  parent_span_id: string | null;
  trace_flags: number;
  tracestate: string | null;
  idempotency_key: string | null;
  body_hash: string | null;
  /** JSON array, for display; pipeline_keyword serves the search. */
  keywords: string | null;
  has_context: Flag;
  run_at: number | null;
  sla_ms: number | null;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  cancel_reason: string | null;
  paused_at: number | null;
  /** Positions of spawned stages that a rerun took away, and that no stage has now. */
  stages_removed: number;
  stages_total: number;
  /** Stages that may still run or are running. */
  stages_open: number;
  stages_completed: number;
  /** Failed without `runNextIfFailed`. */
  stages_failed: number;
  /** Failed with `runNextIfFailed`. */
  stages_tolerated: number;
  stages_skipped: number;
  stages_cancelled: number;
  stages_blocked: number;
}

export interface PipelineKeywordTable {
  application_id: number;
  keyword: string;
  pipeline_id: number;
}

export interface ContextItemTable {
  pipeline_id: number;
  key: string;
  value: string;
  sensitive: Flag;
  updated_at: number;
}

export interface StageTable {
  /** Holds the pipeline's id (domain/ids.ts): the stages of a pipeline are one range of ids. */
  id: number;
  application_id: number;
  pipeline_id: number;
  name: string;
  handler: string;
  status: StageStatus;
  held: Flag;
  priority: number;
  not_before: number | null;
  delay_ms: number | null;
  /** When it is, was or will be due. */
  run_at: number | null;
  /** When it last became pending or waiting. */
  ready_at: number | null;
  dependency_count: number;
  open_dependencies: number;
  span_id: string;
  input: string | null;
  /** JSON array: positions of the stages whose outputs the input refers to; null without references. */
  reference_positions: string | null;
  output: string | null;
  timeout_ms: number;
  /** How long it may be `pending`, or `waiting`, before it fails. */
  pending_timeout_ms: number | null;
  /** Null for a stage that a worker runs. */
  wait_for: 'event' | null;
  /** JSON array of the SHA-256 of each live token, oldest first; the span id is hashed with them, so that a rerun makes them worthless. */
  event_tokens: string | null;
  /** SHA-256 of what ended the wait, and of the span id. */
  event_result: string | null;
  max_attempts: number;
  /** JSON; null means the default. */
  backoff: string | null;
  run_next_if_failed: Flag;
  fail_if_output_empty: Flag;
  notify_on_failure: Flag;
  /** Token of the latest delivery, 0 before the first. */
  fencing_token: number;
  /** How the latest delivery ended; null while it runs. */
  outcome: DeliveryOutcome | null;
  attempts: number;
  /** Expiries in a row. */
  expiries: number;
  worker_id: number | null;
  pull_seq: number | null;
  /** ready_at of the latest delivery; a retry moves ready_at on. */
  delivery_ready_at: number | null;
  leased_at: number | null;
  lease_expires_at: number | null;
  timeout_at: number | null;
  /** The earlier of lease_expires_at and timeout_at. */
  wake_at: number | null;
  settled_at: number | null;
  error_code: string | null;
  /** JSON of StageError. */
  error: string | null;
  progress_ratio: number | null;
  progress_message: string | null;
  log_lines: number;
  /** The stage whose ack added this one. */
  spawned_by_id: number | null;
  finished_at: number | null;
}

export interface StageDependencyTable {
  depends_on_id: number;
  stage_id: number;
}

export interface StageAttemptTable {
  stage_id: number;
  fencing_token: number;
  span_id: string;
  worker_id: number;
  outcome: DeliveryOutcome;
  error_code: string | null;
  error: string | null;
  ready_at: number;
  leased_at: number;
  settled_at: number;
}

export interface StageLogTable {
  id: number;
  pipeline_id: number;
  stage_id: number;
  fencing_token: number;
  level: string;
  message: string;
  fields: string | null;
  logged_at: number;
}

/** A spawned stage that a rerun took away. */
export interface RemovedStageTable {
  stage_id: number;
  /** Of its last delivery. Its id may be another stage's by now, whose tokens are larger. */
  fencing_token: number;
  name: string;
  removed_at: number;
  /** Whether its id may be given out again. */
  is_free: Flag;
}
