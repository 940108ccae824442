import { z } from '@hono/zod-openapi';
import { BULK_ACTIONS, LIMITS, PIPELINE_STATUSES, STAGE_STATUSES, type StageSpec } from '@pipelogiq/protocol';
import { check } from '../validation.js';
import { count, freeText, id, name, optional, TEXT, time } from './common.js';
import { contextFilter, stageSpec } from './pipelines.js';

const from = z.enum(['start', 'failed']);

export const rerunStage = z.strictObject({ following: optional(z.boolean()) }).openapi('RerunStage');
export const rerunPipeline = z.strictObject({ from: optional(from) }).openapi('RerunPipeline');

export const appendStages = z
  .strictObject({
    stages: z.array(stageSpec).min(1).max(LIMITS.spawnsPerAck),
    idempotencyKey: optional(name(LIMITS.idempotencyKeyLength)),
  })
  .openapi('AppendStages', { example: { stages: [{ name: 'report', handler: 'report', dependsOn: ['pack'] }] } });
export const stagesAppended = z
  .object({ stages: z.array(z.object({ id, name: z.string() })), created: z.boolean() })
  .openapi('StagesAppended');

/** Stages that came unchecked. @throws DomainError `invalid_request` naming the fields */
export const checkStageSpecs = (specs: unknown): StageSpec[] => check(z.array(stageSpec), specs, { source: 'body' });

const bulkFilter = z
  .strictObject({
    status: optional(z.enum(PIPELINE_STATUSES)),
    name: optional(name()),
    keyword: optional(name()),
    version: optional(name()),
    search: optional(name()),
    context: optional(contextFilter),
    traceId: optional(z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits')),
    from: optional(time),
    to: optional(time),
  })
  .openapi('BulkFilter');

const bulkStages = z
  .strictObject({
    status: optional(z.enum(STAGE_STATUSES)),
    name: optional(name()),
    handler: optional(name()),
    fingerprint: optional(z.string().regex(/^[0-9a-f]{16}$/, 'must be 16 lower-case hex digits')),
  })
  .openapi('BulkStages');

export const createBulkAction = z
  .strictObject({
    action: z.enum(BULK_ACTIONS),
    filter: bulkFilter,
    dryRun: optional(z.boolean()),
    rerunFrom: optional(from),
    reason: optional(freeText(TEXT.reason)),
    stages: optional(bulkStages),
    following: optional(z.boolean()),
  })
  .openapi('CreateBulkAction', {
    example: {
      action: 'rerun_stages',
      filter: { status: 'failed', name: 'order', from: '2030-01-01T00:00:00Z' },
      stages: { status: 'failed', handler: 'charge' },
      following: true,
      dryRun: true,
    },
  });

export const replayErrors = z
  .strictObject({ dryRun: optional(z.boolean()), following: optional(z.boolean()), filter: optional(bulkFilter) })
  .openapi('ReplayErrors', { example: { dryRun: true } });

export const bulkAction = z
  .object({
    id: optional(id),
    action: z.enum(BULK_ACTIONS),
    filter: bulkFilter,
    stages: optional(bulkStages),
    status: z.enum(['dry_run', 'running', 'completed', 'failed']),
    unit: z.enum(['pipelines', 'stages']),
    matched: count,
    possible: optional(count),
    done: count,
    refused: count,
    failed: count,
    lastError: optional(z.string()),
    createdAt: time,
    finishedAt: optional(time),
  })
  .openapi('BulkAction');

/** `GET /audit-events?…` without the page fields. */
export const auditFilterFields = {
  kind: optional(name()),
  action: optional(name()),
  actor: optional(name()),
  actorName: optional(name()),
  targetType: optional(name()),
  targetId: optional(name()),
  result: optional(z.enum(['success', 'refused'])),
  application: optional(name()),
  from: optional(time),
  to: optional(time),
};

export const auditEvent = z
  .object({
    id,
    at: time,
    actor: z.string(),
    actorName: optional(z.string()),
    action: z.string(),
    target: z.object({ type: z.string(), id: z.string() }),
    result: z.enum(['success', 'refused']),
    requestId: optional(z.string()),
    complianceId: optional(z.string()),
    details: optional(z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))),
  })
  .openapi('AuditEvent');
