import type { IntegrationType, TraceFilter } from '@pipelogiq/protocol';
import type { Flag, Ms, PipelineRow } from './rows.js';

export interface IntegrationConfigTable {
  id: number;
  application_id: number;
  type: IntegrationType;
  enabled: Flag;
  /** JSON object of the fields that are no secrets. */
  settings: string;
  /** JSON object of those that are, sealed; null without any. */
  secrets: string | null;
  wants_stage_failures: Flag;
  wants_pipeline_failures: Flag;
  wants_marks: Flag;
  wants_logs: Flag;
  created_at: Ms;
  updated_at: Ms;
}

export interface IntegrationHealthTable {
  config_id: number;
  last_tested_at: Ms | null;
  last_success_at: Ms | null;
  last_error_at: Ms | null;
  last_error: string | null;
  /** Deliveries and tests that failed in a row. */
  failures: number;
  /** Nothing is delivered before. */
  retry_at: Ms | null;
  sent: number;
  dropped: number;
}

/** What an integration is to be told. Its own copy: what it tells may run again or be deleted meanwhile. */
export interface IntegrationDeliveryTable {
  id: number;
  config_id: number;
  kind: IntegrationDeliveryKind;
  /** JSON: of failures and marks all that is told, of logs the ids of their lines. */
  payload: string;
  created_at: Ms;
  /** Who delivers it, and until when nobody else does. */
  holder: string | null;
  held_until: Ms;
}

export type IntegrationDeliveryKind = 'stage_failed' | 'pipeline_failed' | 'mark' | 'logs';

export type IntegrationConfigRow = IntegrationConfigTable;
export type IntegrationHealthRow = IntegrationHealthTable;
export type IntegrationDeliveryRow = Pick<IntegrationDeliveryTable, 'id' | 'kind' | 'payload' | 'created_at'>;

/** A failed stage with what its pipeline adds. */
export interface FailedStageRow {
  id: number;
  application_id: number;
  application: string;
  pipeline_id: number;
  pipeline: string;
  environment: string | null;
  version: string | null;
  trace_id: string;
  name: string;
  handler: string;
  span_id: string;
  attempts: number;
  fencing_token: number;
  error_code: string | null;
  error: string | null;
  finished_at: Ms | null;
}

export interface FailedPipelineRow {
  id: number;
  application_id: number;
  application: string;
  name: string;
  environment: string | null;
  version: string | null;
  trace_id: string;
  root_span_id: string;
  run: number;
  stages_failed: number;
  started_at: Ms | null;
  finished_at: Ms | null;
}

/** A line of a log with what its stage and pipeline add; the stage is null when a rerun took it away. */
export interface LoggedRow {
  id: number;
  pipeline_id: number;
  stage_id: number;
  level: string;
  message: string;
  fields: string | null;
  logged_at: Ms;
  application: string;
  pipeline: string;
  environment: string | null;
  version: string | null;
  trace_id: string;
  stage: string | null;
  handler: string | null;
  span_id: string | null;
}

/** Of a pipeline, what links to its trace and logs are made of. */
export interface LinkedPipelineRow {
  id: number;
  application_id: number;
  trace_id: string;
  root_span_id: string;
  created_at: Ms;
  finished_at: Ms | null;
}

export interface NewDeliveryOf {
  config_id: number;
  kind: IntegrationDeliveryKind;
  payload: string;
}

export type WantedKind = 'wants_stage_failures' | 'wants_pipeline_failures' | 'wants_marks' | 'wants_logs';

export interface Integrations {
  /** Locked on stores with several writers. */
  integrationToChange(applicationId: number, type: IntegrationType): Promise<IntegrationConfigRow | undefined>;
  /** Makes or replaces it, with a health that knows nothing. */
  saveIntegration(row: IntegrationConfigRow): Promise<void>;
  linkedPipelines(ids: number[]): Promise<LinkedPipelineRow[]>;
  /** Of the integration `opentelemetry` where it is enabled, by application. */
  linkSettings(applicationIds: number[]): Promise<Pick<IntegrationConfigRow, 'application_id' | 'settings'>[]>;
  /** Enabled integrations of any application that want this. */
  integrationsWanting(kind: WantedKind): Promise<{ id: number; application_id: number }[]>;
  /** Those among these stages that have failed. */
  failedStages(ids: number[]): Promise<FailedStageRow[]>;
  failedPipelines(ids: number[]): Promise<FailedPipelineRow[]>;
  queueDeliveries(rows: NewDeliveryOf[], now: Ms): Promise<void>;
  /**
   * The oldest ones; they are `holder`'s until `heldUntil`. None of an integration that is off or waits, and none while somebody holds
   * others of it: they are delivered in order.
   */
  claimDeliveries(
    configId: number,
    claim: { holder: string; heldUntil: Ms; now: Ms; limit: number },
  ): Promise<{ config: IntegrationConfigRow; rows: IntegrationDeliveryRow[] } | undefined>;
  /** Holds what `holder` has for longer. False when the claim has run out: somebody else may have it by now. */
  renewDeliveries(configId: number, claim: { holder: string; heldUntil: Ms; now: Ms }): Promise<boolean>;
  /** Removes those that `holder` holds. */
  removeDeliveries(ids: number[], holder: string): Promise<void>;
  /** Gives back all that `holder` holds; all that anybody holds, when none is named. */
  releaseDeliveries(holder?: string): Promise<void>;
  /** Counts, and notes a failure; without an error the next delivery may come at once. */
  noteDelivery(configId: number, note: { sent: number; dropped: number; error?: string; retryAt?: Ms; now: Ms }): Promise<void>;
  /** A success ends the failures in a row, an error is one more. Nothing, when the config is no longer the one that was tested. */
  noteTest(config: Pick<IntegrationConfigRow, 'id' | 'updated_at'>, note: { error?: string; now: Ms }): Promise<void>;
  /** Removes the oldest `limit` of an integration up to the one with the id `upTo` that nobody holds, and counts them as dropped. */
  dropDeliveries(configId: number, bounds: { upTo: number; limit: number; now: Ms }): Promise<number>;
}

export interface IntegrationReads {
  integrations(applicationId: number): Promise<(IntegrationConfigRow & { health: IntegrationHealthRow; queued: number })[]>;
  integration(applicationId: number, type: IntegrationType): Promise<IntegrationConfigRow | undefined>;
  /** Ids of integrations with deliveries that can be tried now. */
  dueIntegrations(now: Ms, limit: number): Promise<number[]>;
  /**
   * Enabled integrations of these types for which nothing waits, and that had no success, test or change since `quietSince`; after a failure
   * none since `failedSince`. Those that were tested longest ago first.
   */
  quietIntegrations(bounds: {
    types: IntegrationType[];
    quietSince: Ms;
    failedSince: Ms;
    limit: number;
  }): Promise<(IntegrationConfigRow & { failures: number })[]>;
  /**
   * Of the next `limit` integrations by id: the newest delivery that is older than `before` or not among the newest `keep`; it and all
   * before it can go. Integrations without one are left out. `next`: go on behind this id.
   */
  deliveryEdges(bounds: { before: Ms; keep: number; after: number; limit: number }): Promise<{
    edges: { configId: number; upTo: number }[];
    next: number | undefined;
  }>;
  loggedLines(ids: number[]): Promise<LoggedRow[]>;
  /** Newest first, of the next `lookedAt` pipelines alone. `next`: go on behind this id. */
  traces(
    applicationId: number,
    filter: TraceFilter,
    page: { limit: number; after?: number | undefined; lookedAt: number; now: Ms },
  ): Promise<{ rows: (PipelineRow & { application: string })[]; next: number | undefined }>;
}
