import type { StageCounts } from './pipelines.js';
import type { PipelineStatus } from './states.js';

export const INTEGRATION_TYPES = ['opentelemetry', 'alerts', 'grafana', 'sentry', 'datadog', 'graylog', 'loki'] as const;
export type IntegrationType = (typeof INTEGRATION_TYPES)[number];

export const INTEGRATION_FIELD_TYPES = ['text', 'url', 'webhook_url', 'json', 'template', 'choice', 'flag'] as const;
export type IntegrationFieldType = (typeof INTEGRATION_FIELD_TYPES)[number];

/** One field of an integration's config: what a form shows, and what the server holds a value to. */
export interface IntegrationField {
  name: string;
  /** `url`: a base URL, without query; `webhook_url`: a whole URL, with its query; `json`: a JSON text, which may have lines; `template`: a URL with placeholders as `${traceId}`. */
  type: IntegrationFieldType;
  /** One sentence for people. */
  help: string;
  required: boolean;
  /** Encrypted where it is stored, and never shown again. */
  secret: boolean;
  /** Says where the integration sends to: when it changes, secrets must be given anew. */
  destination: boolean;
  default?: string | boolean;
  /** Of a `choice`. */
  choices?: string[];
  example?: string;
}

export type IntegrationValue = string | boolean;

/** `POST /observability/config`: makes or replaces the integration of this type. */
export interface SaveIntegration {
  type: IntegrationType;
  /** Default true. */
  enabled?: boolean;
  /** By name of the field. Fields that are left out take their default; a secret that is left out, or `[redacted]`, stays what it was; null removes it. */
  config: { [field: string]: IntegrationValue | null };
}

/** One integration of the application; secrets are `[redacted]`. */
export interface Integration {
  type: IntegrationType;
  title: string;
  /** What it does. */
  purpose: string;
  configured: boolean;
  enabled: boolean;
  config: { [field: string]: IntegrationValue };
  fields: IntegrationField[];
  createdAt?: string;
  updatedAt?: string;
}

/** `POST /observability/test`: tries the stored config, or the one that is given, which is not stored. */
export interface TestIntegration {
  type: IntegrationType;
  config?: { [field: string]: IntegrationValue | null };
}

export interface IntegrationTested {
  type: IntegrationType;
  ok: boolean;
  /** What was tried, or why it failed. */
  message: string;
  /** Milliseconds. */
  durationMs: number;
}

export const INTEGRATION_STATES = ['not_configured', 'disabled', 'untested', 'ok', 'failing'] as const;
export type IntegrationState = (typeof INTEGRATION_STATES)[number];

/** `GET /observability/status`. */
export interface IntegrationStatus {
  type: IntegrationType;
  /** `failing`: what was last tried failed; it is tried again. */
  status: IntegrationState;
  lastTestedAt?: string;
  /** Of a test or a delivery. */
  lastSuccessAt?: string;
  lastError?: { at: string; message: string };
  /** Deliveries that wait. */
  queued: number;
  /** Failures, marks and log lines that were taken. */
  sent: number;
  /** Those that were given up: refused for good, too old, or too many. */
  dropped: number;
  /** When the next delivery is tried, after one that failed. */
  nextTryAt?: string;
  detail?: string;
}

/** Where people can look, made from the templates of the integration `opentelemetry`; absent without one. */
export interface ObservabilityLinks {
  trace?: string;
  logs?: string;
}

/** `GET /observability/traces`: the trace of one pipeline. */
export interface TraceSummary {
  traceId: string;
  pipelineId: string;
  pipeline: string;
  status: PipelineStatus;
  rootSpanId: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
  /** Milliseconds from its start to its end, or until now; absent before it starts. */
  durationMs?: number;
  stages: StageCounts;
  links?: ObservabilityLinks;
}

export interface TraceFilter {
  /** The whole id: 32 hex digits. */
  traceId?: string;
  /** Name of the pipelines. */
  pipeline?: string;
  status?: PipelineStatus;
  /** Milliseconds. */
  minDurationMs?: number;
  maxDurationMs?: number;
  /** Created at or after, RFC 3339. */
  from?: string;
  /** Created before, RFC 3339. */
  to?: string;
  limit?: number;
  cursor?: string;
}
