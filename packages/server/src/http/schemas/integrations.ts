import { z } from '@hono/zod-openapi';
import { INTEGRATION_FIELD_TYPES, INTEGRATION_STATES, INTEGRATION_TYPES, PIPELINE_STATUSES } from '@pipelogiq/protocol';
import { count, durationMs, id, name, optional, time } from './common.js';
import { links, stageCounts } from './pipeline-answers.js';

const FIELDS = 40;
const VALUE_LENGTH = 4_096;
const TRACE_ID = /^[0-9a-f]{32}$/;

const type = z.enum(INTEGRATION_TYPES);
export const value = z.union([z.string(), z.boolean()]);
/** What the fields are is told by the integration itself: the domain holds values to them. */
export const config = z
  .record(name(), z.union([z.string().max(VALUE_LENGTH), z.boolean(), z.null()]))
  .refine((fields) => Object.keys(fields).length <= FIELDS, `must have ${FIELDS} fields at most`);

export const saveIntegration = z.strictObject({ type, enabled: optional(z.boolean()), config }).openapi('SaveIntegration', {
  example: { type: 'datadog', config: { apiKey: '…', site: 'datadoghq.eu' } },
});
export const testIntegration = z
  .strictObject({ type, config: optional(config) })
  .openapi('TestIntegration', { example: { type: 'grafana' } });

export const integrationField = z
  .object({
    name: z.string(),
    type: z.enum(INTEGRATION_FIELD_TYPES),
    help: z.string(),
    required: z.boolean(),
    secret: z.boolean(),
    destination: z.boolean(),
    default: optional(value),
    choices: optional(z.array(z.string())),
    example: optional(z.string()),
  })
  .openapi('IntegrationField');

export const integration = z
  .object({
    type,
    title: z.string(),
    purpose: z.string(),
    configured: z.boolean(),
    enabled: z.boolean(),
    config: z.record(z.string(), value),
    fields: z.array(integrationField),
    createdAt: optional(time),
    updatedAt: optional(time),
  })
  .openapi('Integration');

export const integrationTested = z
  .object({ type, ok: z.boolean(), message: z.string(), durationMs: z.number() })
  .openapi('IntegrationTested');

export const integrationStatus = z
  .object({
    type,
    status: z.enum(INTEGRATION_STATES),
    lastTestedAt: optional(time),
    lastSuccessAt: optional(time),
    lastError: optional(z.object({ at: time, message: z.string() })),
    queued: count,
    sent: count,
    dropped: count,
    nextTryAt: optional(time),
    detail: optional(z.string()),
  })
  .openapi('IntegrationStatus');

/** `GET /observability/traces?…` */
export const traceFilter = z.strictObject({
  traceId: optional(z.string().regex(TRACE_ID, 'must be 32 lower-case hex digits')),
  pipeline: optional(name()),
  status: optional(z.enum(PIPELINE_STATUSES)),
  minDurationMs: optional(durationMs()),
  maxDurationMs: optional(durationMs()),
  from: optional(time),
  to: optional(time),
});

export const traceSummary = z
  .object({
    traceId: z.string(),
    pipelineId: id,
    pipeline: z.string(),
    status: z.enum(PIPELINE_STATUSES),
    rootSpanId: z.string(),
    createdAt: time,
    startedAt: optional(time),
    finishedAt: optional(time),
    durationMs: optional(z.number()),
    stages: stageCounts,
    links: optional(links),
  })
  .openapi('TraceSummary');
