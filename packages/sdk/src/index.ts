export type {
  AlertRule,
  AlertRuleSpec,
  ApiKey,
  ApiKeyCreated,
  Application,
  Attempt,
  AuditEvent,
  AuditFilter,
  Backoff,
  BulkAction,
  BulkActionKind,
  BulkFilter,
  BulkStages,
  Channel as AlertChannel,
  ChannelSpec as AlertChannelSpec,
  ChannelTested as AlertChannelTested,
  CompleteStage,
  ContextItem,
  CreateApiKey,
  CreateApplication,
  CreateBulkAction,
  CreateHook,
  CreateMark,
  CreatePipeline,
  DiagnosisReason,
  Distribution,
  DurationBucket,
  ErrorCode,
  ErrorGroup,
  EventToken,
  EventType,
  FieldError,
  HandlerInsight,
  Hook,
  HookAuth,
  HookCredentials,
  HookSaved,
  HookSpec,
  Incident,
  IncidentFilter,
  InsightPoint,
  InsightQuery,
  InsightSummary,
  Insights as InsightFigures,
  Integration,
  IntegrationField,
  IntegrationStatus,
  IntegrationTested,
  IntegrationType,
  IntegrationValue,
  Json,
  LeaseLostReason,
  LiveEvent,
  Mark,
  MarkCreated,
  MarkFigures,
  MarkInsight,
  Measure,
  MeasureInsight,
  MissedRuns,
  ObservabilityLinks,
  OutputReference,
  Page,
  Pipeline,
  PipelineCreated,
  PipelineFilter,
  PipelineInsight,
  PipelineStatus,
  PipelineSummary,
  PipelineTemplate,
  PipelineTrace,
  PoolInsight,
  Problem,
  Regression,
  ReplayErrors,
  RotateApiKey,
  SaveIntegration,
  Schedule,
  ScheduleContext,
  ScheduleFilter,
  ScheduleFiring,
  ScheduleSpec,
  ScheduleStatus,
  Scope,
  Stage,
  StageCompleted,
  StageCounts,
  StageDiagnosis,
  StageError,
  StageInsight,
  StageLog,
  StageOptions,
  StageSpec,
  StageStatus,
  StagesAppended,
  TestIntegration,
  TraceAttempt,
  TraceFilter,
  TraceStage,
  TraceStep,
  TraceSummary,
  Trigger,
  Worker as WorkerInfo,
  WorkerHappening,
  WorkerJob,
} from '@pipelogiq/protocol';
export type { ApiKeys, Applications, AuditEvents } from './client/accounts.js';
export type { Alerts } from './client/alerts.js';
export { Pipelogiq } from './client/client.js';
export type { CreateFailed } from './client/create.js';
export type { EventOptions, ReceivedEvent } from './client/events.js';
export type { Hooks } from './client/hooks.js';
export type { Insights } from './client/insights.js';
export type { Listing, ReadOptions } from './client/listing.js';
export type { Observability } from './client/observability.js';
export type { PipelogiqOptions } from './client/options.js';
export type { CreateCallOptions, Pipelines } from './client/pipelines.js';
export type { Schedules } from './client/schedules.js';
export type { Stages } from './client/stages.js';
export type { WaitOptions } from './client/wait.js';
export type { Workers } from './client/workers.js';
export { type ContextKey, contextKey } from './context-key.js';
export type { ClientErrorCode, PipelogiqErrorDetails } from './errors.js';
export {
  AuthenticationError,
  ConfigurationError,
  ConflictError,
  ConnectionError,
  LeaseLostError,
  NonRetryableError,
  NotFoundError,
  PermissionError,
  PipelineFailedError,
  PipelogiqError,
  RateLimitedError,
  RetryAfterError,
  SnoozeError,
  TimeoutError,
  ValidationError,
} from './errors.js';
export type { AnyHandler, Handler, HandlerContract, HandlerDefaults, HandlerOptions, HandlerRun } from './handler.js';
export { declareHandler, defineHandler } from './handler.js';
export type { AnyContract, Job, JobContext, JobLog, LogMethod, OutputOf } from './job.js';
export type { Jsonify } from './jsonify.js';
export type { AddedStage, AddedStages } from './pipeline/added-stage.js';
export type {
  DefinedStageOptions,
  EventStageOptions,
  PipelineBuilder,
  ReferredOutput,
  StageArguments,
} from './pipeline/builder.js';
export type { CallArguments, CreateOptions, DefinitionOptions, PipelineCall, PipelineDefinition } from './pipeline/definition.js';
export { definePipeline } from './pipeline/definition.js';
export type { At, KeyOf, Reference, StageInput } from './pipeline/reference.js';
export type { StageRef } from './pipeline/stage-ref.js';
export type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.js';
export { typed } from './standard-schema.js';
export type { TransportOptions } from './transport/create-transport.js';
export type { FetchLike } from './transport/fetch-sender.js';
export { SDK_VERSION } from './version.js';
export type {
  JobAbortCode,
  JobInfo,
  Middleware,
  WorkerEvents,
  WorkerOptions,
  WorkerSnapshot,
  WorkerTotals,
} from './worker/worker.js';
export { JobAbortedError, Worker } from './worker/worker.js';
