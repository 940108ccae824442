import type { Attempt, ContextItem, Json, Pipeline, PipelineSummary, Stage, StageError, StageLog } from '@pipelogiq/protocol';
import type { AttemptRow, ContextRow, Ms, PastAttempt, PastLog, PipelineRow, StageRow } from '../../store/store.js';
import { waitEndsAt } from '../stage/wait.js';

const json = (text: string | null): Json => (text === null ? null : (JSON.parse(text) as Json));

/** An RFC 3339 time under `key`, or nothing. */
export const timeField = <Key extends string>(key: Key, at: Ms | null): { [K in Key]?: string } =>
  (at === null ? {} : { [key]: new Date(at).toISOString() }) as { [K in Key]?: string };

/** `value` under `key`, or nothing when it is null. */
export const field = <Key extends string, Value>(key: Key, value: Value | null): { [K in Key]?: Value } =>
  (value === null ? {} : { [key]: value }) as { [K in Key]?: Value };

export function pipelineSummary(row: PipelineRow & { application: string }): PipelineSummary {
  return {
    id: String(row.id),
    name: row.name,
    status: row.status,
    application: row.application,
    trigger: row.trigger,
    ...field('environment', row.environment),
    ...field('version', row.version),
    keywords: json(row.keywords) === null ? [] : (json(row.keywords) as string[]),
    traceId: row.trace_id,
    run: row.run,
    createdAt: new Date(row.created_at).toISOString(),
    ...timeField('runAt', row.run_at),
    ...timeField('startedAt', row.started_at),
    ...timeField('finishedAt', row.finished_at),
    stages: {
      total: row.stages_total,
      open: row.stages_open,
      completed: row.stages_completed,
      failed: row.stages_failed + row.stages_tolerated,
      skipped: row.stages_skipped,
      cancelled: row.stages_cancelled,
      blocked: row.stages_blocked,
    },
  };
}

export function pipelineView(row: PipelineRow & { application: string }): Pipeline {
  return {
    ...pipelineSummary(row),
    rootSpanId: row.root_span_id,
    ...field('parentSpanId', row.parent_span_id),
    priority: row.priority,
    ...field('slaMs', row.sla_ms),
    ...field('idempotencyKey', row.idempotency_key),
    ...field('cancelReason', row.cancel_reason),
  };
}

export function stageView(row: StageRow, dependsOn: string[]): Stage {
  return {
    id: String(row.id),
    pipelineId: String(row.pipeline_id),
    name: row.name,
    handler: row.handler,
    status: row.status,
    dependsOn,
    spanId: row.span_id,
    priority: row.priority,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    fencingToken: row.fencing_token,
    timeoutMs: row.timeout_ms,
    ...(row.wait_for === null ? field('pendingTimeoutMs', row.pending_timeout_ms) : { waitFor: row.wait_for }),
    runNextIfFailed: row.run_next_if_failed === 1,
    input: json(row.input),
    output: json(row.output),
    ...field('error', json(row.error) as unknown as StageError | null),
    ...(row.progress_ratio === null && row.progress_message === null
      ? {}
      : { progress: { ratio: row.progress_ratio ?? 0, ...field('message', row.progress_message) } }),
    ...(row.worker_id === null ? {} : { workerId: String(row.worker_id) }),
    ...timeField('runAt', row.run_at),
    ...timeField('readyAt', row.ready_at),
    ...timeField('startedAt', row.leased_at),
    ...timeField('finishedAt', row.finished_at),
    ...timeField('leaseExpiresAt', row.status === 'running' ? row.lease_expires_at : null),
    ...timeField('waitEndsAt', row.held === 1 ? null : waitEndsAt(row)),
  };
}

export function attemptView(row: PastAttempt): Attempt {
  return {
    stageId: String(row.stage_id),
    stage: row.stage,
    ...(row.is_removed === 1 && { removed: true as const }),
    fencingToken: row.fencing_token,
    spanId: row.span_id,
    workerId: String(row.worker_id),
    ...field('outcome', row.outcome as AttemptRow['outcome'] | null),
    ...field('error', json(row.error) as unknown as StageError | null),
    readyAt: new Date(row.ready_at).toISOString(),
    startedAt: new Date(row.leased_at).toISOString(),
    ...timeField('finishedAt', row.settled_at as Ms | null),
  };
}

const REDACTED = '[redacted]';

export function contextView(row: ContextRow): ContextItem {
  return {
    key: row.key,
    value: row.sensitive === 1 ? REDACTED : json(row.value),
    sensitive: row.sensitive === 1,
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

export function logView(row: PastLog): StageLog {
  return {
    id: String(row.id),
    stageId: String(row.stage_id),
    stage: row.stage,
    ...(row.is_removed === 1 && { removed: true as const }),
    fencingToken: row.fencing_token,
    level: row.level as StageLog['level'],
    message: row.message,
    ...field('fields', json(row.fields) as { [key: string]: Json } | null),
    loggedAt: new Date(row.logged_at).toISOString(),
  };
}
