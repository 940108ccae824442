import { z } from '@hono/zod-openapi';
import { DELIVERY_OUTCOMES, PIPELINE_STATUSES, STAGE_STATUSES, TRIGGERS } from '@pipelogiq/protocol';
import { count, id, json, jsonMap, optional, time } from './common.js';
import { stageError } from './jobs.js';
import { logLevel } from './pipelines.js';
import { problem } from './problem.js';

export const pipelineCreated = z
  .object({ id, traceId: z.string(), status: z.enum(PIPELINE_STATUSES), created: z.boolean() })
  .openapi('PipelineCreated', {
    example: { id: '42', traceId: '0af7651916cd43dd8448eb211c80319c', status: 'running', created: true },
  });

export const pipelineBatchResult = z
  .object({ results: z.array(z.union([pipelineCreated, z.object({ error: problem })])) })
  .openapi('PipelineBatchResult');

export const links = z.object({ trace: optional(z.string()), logs: optional(z.string()) }).openapi('ObservabilityLinks');

export const stageCounts = z
  .object({ total: count, open: count, completed: count, failed: count, skipped: count, cancelled: count, blocked: count })
  .openapi('StageCounts');

const summaryFields = {
  id,
  name: z.string(),
  status: z.enum(PIPELINE_STATUSES),
  application: z.string(),
  trigger: z.enum(TRIGGERS),
  environment: optional(z.string()),
  version: optional(z.string()),
  keywords: z.array(z.string()),
  traceId: z.string(),
  run: count,
  createdAt: time,
  runAt: optional(time),
  startedAt: optional(time),
  finishedAt: optional(time),
  stages: stageCounts,
};
export const pipelineSummary = z.object(summaryFields).openapi('PipelineSummary');
export const pipeline = z
  .object({
    ...summaryFields,
    rootSpanId: z.string(),
    parentSpanId: optional(z.string()),
    priority: z.number(),
    slaMs: optional(z.number()),
    idempotencyKey: optional(z.string()),
    cancelReason: optional(z.string()),
    links: optional(links),
  })
  .openapi('Pipeline');
export const pipelineWaited = z.object({ pipeline, done: z.boolean() }).openapi('PipelineWaited');

export const stage = z
  .object({
    id,
    pipelineId: id,
    name: z.string(),
    handler: z.string(),
    status: z.enum(STAGE_STATUSES),
    dependsOn: z.array(z.string()),
    spanId: z.string(),
    priority: z.number(),
    attempts: count,
    maxAttempts: count,
    fencingToken: count,
    timeoutMs: z.number(),
    waitFor: optional(z.literal('event')),
    pendingTimeoutMs: optional(z.number()),
    runNextIfFailed: z.boolean(),
    input: json,
    output: json,
    error: optional(stageError),
    progress: optional(z.object({ ratio: z.number(), message: optional(z.string()) })),
    workerId: optional(id),
    runAt: optional(time),
    readyAt: optional(time),
    startedAt: optional(time),
    finishedAt: optional(time),
    leaseExpiresAt: optional(time),
    waitEndsAt: optional(time),
    links: optional(links),
  })
  .openapi('Stage');

export const attempt = z
  .object({
    stageId: id,
    stage: z.string(),
    removed: optional(z.literal(true)),
    fencingToken: count,
    spanId: z.string(),
    workerId: id,
    outcome: optional(z.enum(DELIVERY_OUTCOMES)),
    error: optional(stageError),
    readyAt: time,
    startedAt: time,
    finishedAt: optional(time),
  })
  .openapi('Attempt');

export const contextItem = z
  .object({ key: z.string(), value: json, sensitive: z.boolean(), updatedAt: time })
  .openapi('ContextItem');

export const stageLog = z
  .object({
    id,
    stageId: id,
    stage: z.string(),
    removed: optional(z.literal(true)),
    fencingToken: count,
    level: logLevel,
    message: z.string(),
    fields: optional(jsonMap),
    loggedAt: time,
  })
  .openapi('StageLog');

const traceAttempt = z
  .object({
    fencingToken: count,
    spanId: z.string(),
    workerId: id,
    outcome: optional(z.enum(DELIVERY_OUTCOMES)),
    errorCode: optional(z.string()),
    readyOffsetMs: z.number(),
    queueWaitMs: z.number(),
    runOffsetMs: z.number(),
    runMs: z.number(),
    steps: optional(
      z.array(z.object({ name: z.string(), offsetMs: z.number(), ms: z.number(), failed: z.boolean() }).openapi('TraceStep')),
    ),
  })
  .openapi('TraceAttempt');
const traceStage = z
  .object({
    stageId: id,
    name: z.string(),
    handler: z.string(),
    spanId: z.string(),
    status: z.enum(STAGE_STATUSES),
    dependsOn: z.array(z.string()),
    attempts: z.array(traceAttempt),
    wait: optional(z.object({ offsetMs: z.number(), ms: z.number() })),
    links: optional(links),
  })
  .openapi('TraceStage');
export const pipelineTrace = z
  .object({
    pipelineId: id,
    traceId: z.string(),
    rootSpanId: z.string(),
    parentSpanId: optional(z.string()),
    name: z.string(),
    status: z.enum(PIPELINE_STATUSES),
    startedAt: time,
    durationMs: z.number(),
    stages: z.array(traceStage),
    links: optional(links),
  })
  .openapi('PipelineTrace');
