import { z } from '@hono/zod-openapi';
import {
  DELIVERY_OUTCOMES,
  LEASE_LOST_REASONS,
  STAGE_ERROR_CODES,
  STAGE_STATUSES,
  WORKER_HAPPENINGS,
  WORKER_ORDERS,
  WORKER_STATES,
} from '@pipelogiq/protocol';
import { count, id, json, jsonMap, optional, time } from './common.js';
import { settleError } from './problem.js';

// Answers are open objects: clients ignore fields that they do not know.

export const stageJob = z
  .object({
    id,
    pipelineId: id,
    pipelineName: z.string(),
    stage: z.string(),
    handler: z.string(),
    fencingToken: count,
    attempt: count,
    maxAttempts: count,
    traceparent: z.string(),
    tracestate: optional(z.string()),
    input: json,
    previousOutput: json,
    outputs: jsonMap,
    outputHandlers: z.record(z.string(), z.string()),
    context: jsonMap,
    payloadByReference: optional(z.boolean()),
    idempotencyKey: z.string(),
    leaseMs: z.number(),
    leaseExpiresAt: time,
    timeoutMs: z.number(),
    deadline: time,
  })
  .openapi('StageJob');

const settleResult = z
  .union([
    z.object({
      id,
      status: z.enum(STAGE_STATUSES),
      repeated: optional(z.boolean()),
      failedBecause: optional(z.enum(STAGE_ERROR_CODES)),
    }),
    z.object({ id, error: settleError }),
  ])
  .openapi('SettleResult');

export const pullResponse = z
  .object({ jobs: z.array(stageJob), settled: optional(z.array(settleResult)) })
  .openapi('PullResponse');
export const settleResponse = z.object({ settled: z.array(settleResult) }).openapi('SettleResponse');
export const progressResponse = z
  .object({ results: z.array(z.union([z.object({ id }), z.object({ id, error: settleError })])) })
  .openapi('ProgressResponse');
export const logsResponse = z.object({ accepted: count }).openapi('LogsResponse');
export const jobPayloadPage = z
  .object({ outputs: jsonMap, context: jsonMap, nextCursor: z.string().nullable() })
  .openapi('JobPayloadPage');

export const workerSession = z
  .object({
    workerId: id,
    sessionToken: z.string(),
    protocol: z.string(),
    leaseMs: z.number(),
    heartbeatIntervalMs: z.number(),
    application: z.string(),
    observability: z.object({ traces: z.boolean() }),
  })
  .openapi('WorkerSession');
export const heartbeatReply = z
  .object({
    order: z.enum(WORKER_ORDERS),
    extended: z.array(z.object({ id, leaseMs: z.number() })),
    lost: z.array(z.object({ id, fencingToken: count, reason: z.enum(LEASE_LOST_REASONS) })),
  })
  .openapi('HeartbeatReply');
export const worker = z
  .object({
    id,
    name: z.string(),
    instanceId: z.string(),
    application: z.string(),
    pool: z.string(),
    handlers: z.array(z.string()),
    state: z.enum([...WORKER_STATES, 'offline']),
    order: z.enum(WORKER_ORDERS),
    environment: optional(z.string()),
    version: optional(z.string()),
    sdkVersion: optional(z.string()),
    hostName: optional(z.string()),
    pid: optional(count),
    concurrency: optional(count),
    inFlight: count,
    processed: count,
    failed: count,
    cpuPercent: optional(z.number()),
    memoryMb: optional(z.number()),
    lastError: optional(z.string()),
    startedAt: time,
    lastSeenAt: time,
  })
  .openapi('Worker');

export const workerJob = z
  .object({
    stageId: id,
    stage: z.string(),
    handler: z.string(),
    pipelineId: id,
    pipeline: z.string(),
    fencingToken: count,
    startedAt: time,
    leaseExpiresAt: time,
  })
  .openapi('WorkerJob');

export const workerHappening = z
  .object({
    type: z.enum(WORKER_HAPPENINGS),
    at: time,
    workerId: id,
    worker: optional(z.string()),
    pipelineId: optional(id),
    stageId: optional(id),
    stage: optional(z.string()),
    attempt: optional(count),
    outcome: optional(z.enum(DELIVERY_OUTCOMES)),
    finishedAt: optional(time),
  })
  .openapi('WorkerHappening');
