export type { ApiKey, ApiKeyCreated, Application, CreateApiKey, CreateApplication, RotateApiKey } from './accounts.js';
export type {
  AppendStages,
  AuditEvent,
  AuditFilter,
  BulkAction,
  BulkActionKind,
  BulkFilter,
  BulkStages,
  CreateBulkAction,
  ReplayErrors,
  RerunPipeline,
  RerunStage,
  StagesAppended,
} from './actions.js';
export { BULK_ACTIONS } from './actions.js';
export type {
  AlertAction,
  AlertCondition,
  AlertDelivery,
  AlertDeliveryFilter,
  AlertDeliveryState,
  AlertEvent,
  AlertGrouping,
  AlertMatch,
  AlertMetric,
  AlertPreview,
  AlertRule,
  AlertRuleSpec,
  AlertSeverity,
  Incident,
  IncidentFilter,
  IncidentState,
  PreviewAlertRule,
  Silence,
  SilenceSpec,
} from './alerts.js';
export {
  ALERT_ACTIONS,
  ALERT_DELIVERY_STATES,
  ALERT_EVENTS,
  ALERT_GROUPINGS,
  ALERT_METRICS,
  ALERT_SEVERITIES,
  DETECTED_ALERT_EVENTS,
  INCIDENT_STATES,
} from './alerts.js';
export type { Channel, ChannelKindInfo, ChannelSpec, ChannelState, ChannelTested, ChannelType } from './channels.js';
export { CHANNEL_STATES, CHANNEL_TYPES } from './channels.js';
export type {
  AllBusyReason,
  BackoffReason,
  BlockedReason,
  DelayReason,
  DependencyReason,
  DiagnosedDependency,
  DiagnosisCode,
  DiagnosisReason,
  FinishedReason,
  LeasedReason,
  NoWorkerReason,
  PausedReason,
  PipelineNotStartedReason,
  ReadyNowReason,
  StageDiagnosis,
  ThrottledReason,
  WaitingEventReason,
  WorkersDrainingReason,
} from './diagnosis.js';
export { DIAGNOSIS_CODES } from './diagnosis.js';
export type { ErrorCode, FieldError, Problem, SettleError, StageErrorCode } from './errors.js';
export { ERROR_CODES, STAGE_ERROR_CODES } from './errors.js';
export type { CompleteStage, EventToken, EventTokenRequest, StageCompleted } from './event-stages.js';
export type {
  DeployMarkedEvent,
  EventFilter,
  EventType,
  LiveEvent,
  PipelineCreatedEvent,
  PipelineEvent,
  ResetEvent,
  StageAgainEvent,
  StageEvent,
  StageFailedEvent,
  StageLeasedEvent,
  StageProgressEvent,
  WorkerEvent,
} from './events.js';
export { EVENT_TYPES } from './events.js';
export type { CreateHook, Hook, HookAuth, HookCredentials, HookSaved, HookSpec } from './hooks.js';
export { HOOK_AUTHS } from './hooks.js';
export type {
  CreateMark,
  Distribution,
  DurationBucket,
  ErrorGroup,
  HandlerInsight,
  InsightPoint,
  InsightQuery,
  InsightSummary,
  Insights,
  Mark,
  MarkCreated,
  MarkFigures,
  MarkInsight,
  MeasureInsight,
  PipelineInsight,
  PoolInsight,
  Regression,
  StageInsight,
} from './insights.js';
export type {
  Integration,
  IntegrationField,
  IntegrationFieldType,
  IntegrationState,
  IntegrationStatus,
  IntegrationTested,
  IntegrationType,
  IntegrationValue,
  ObservabilityLinks,
  SaveIntegration,
  TestIntegration,
  TraceFilter,
  TraceSummary,
} from './integrations.js';
export { INTEGRATION_FIELD_TYPES, INTEGRATION_STATES, INTEGRATION_TYPES } from './integrations.js';
export type {
  Ack,
  AckRequest,
  ContextWrite,
  JobPayloadPage,
  JobRef,
  LogLine,
  LogsRequest,
  LogsResponse,
  Measure,
  Nack,
  NackRequest,
  ProgressReport,
  ProgressRequest,
  ProgressResponse,
  PullRequest,
  PullResponse,
  Release,
  ReleaseRequest,
  SettleBatch,
  SettleResponse,
  SettleResult,
  StageJob,
} from './jobs.js';
export type { Json } from './json.js';
export { DEFAULTS, LIMITS } from './limits.js';
export type { OtelSignal, SamplerConfig, SignalConfig } from './otel/config.js';
export { checkPropagators, resourceConfig, samplerConfig, signalConfig } from './otel/config.js';
export type { Env, Warn } from './otel/env.js';
export { read, readBoolean, readChoice, readNumber, readPairs } from './otel/env.js';
export type {
  Overview,
  OverviewHandler,
  OverviewPipelines,
  OverviewPool,
  OverviewStages,
  OverviewWorkers,
} from './overview.js';
export type {
  Attempt,
  Backoff,
  CancelPipeline,
  ContextItem,
  CreatePipeline,
  CreatePipelineBatch,
  LogLevel,
  OutputReference,
  Page,
  Pipeline,
  PipelineBatchResult,
  PipelineCreated,
  PipelineFilter,
  PipelineSummary,
  PipelineWaited,
  Stage,
  StageCounts,
  StageError,
  StageLog,
  StageOptions,
  StageSpec,
} from './pipelines.js';
export { LOG_LEVELS } from './pipelines.js';
export { escapeControls, isSecretName, printable, REDACTED, redactSecrets, snakeCase } from './redaction.js';
export { HEADERS, PROTOCOL, PROTOCOL_VERSION, ROUTES } from './routes.js';
export type {
  MissedRuns,
  PipelineTemplate,
  Schedule,
  ScheduleContext,
  ScheduleFilter,
  ScheduleFiring,
  ScheduleSpec,
  ScheduleStatus,
  TriggerSchedule,
} from './schedules.js';
export { MISSED_RUNS, SCHEDULE_DEFAULTS, SCHEDULE_STATUSES } from './schedules.js';
export type { Scope } from './scopes.js';
export { SCOPES } from './scopes.js';
export type { ServerLogLevel, ServerRetention } from './server.js';
export { SERVER_LOG_LEVELS } from './server.js';
export type {
  DeliveryOutcome,
  FinalPipelineStatus,
  LeaseLostReason,
  PipelineStatus,
  StageStatus,
  Trigger,
  WorkerOrder,
  WorkerState,
} from './states.js';
export {
  DELIVERY_OUTCOMES,
  FINAL_PIPELINE_STATUSES,
  LEASE_LOST_REASONS,
  PIPELINE_STATUSES,
  STAGE_STATUSES,
  TRIGGERS,
  WORKER_ORDERS,
  WORKER_STATES,
} from './states.js';
export type { TraceParent } from './traceparent.js';
export { formatTraceparent, parseTraceparent, parseTracestate, SAMPLED } from './traceparent.js';
export type { PipelineTrace, TraceAttempt, TraceStage, TraceStep } from './traces.js';
export type {
  ApplicationAccess,
  ApplicationRole,
  AuthState,
  ChangePassword,
  CheckLink,
  CreateInvitation,
  CreateLink,
  Invitation,
  InvitationCreated,
  LinkLogin,
  Login,
  Me,
  NewUser,
  OneTimeLink,
  OpenSession,
  Role,
  SignedIn,
  UpdateUser,
  User,
  UserSession,
} from './users.js';
export { ROLES } from './users.js';
export type {
  Heartbeat,
  HeartbeatReply,
  Worker,
  WorkerBootstrap,
  WorkerHappening,
  WorkerJob,
  WorkerSession,
  WorkerShutdown,
} from './workers.js';
export { WORKER_HAPPENINGS } from './workers.js';
