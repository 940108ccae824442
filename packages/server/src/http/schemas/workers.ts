import { z } from '@hono/zod-openapi';
import { LIMITS, WORKER_STATES } from '@pipelogiq/protocol';
import { count, freeText, id, json, name, optional, TEXT } from './common.js';

const JOBS_IN_FLIGHT = 10_000;
const MOST_SLOTS = 100_000;

export const workerBootstrap = z
  .strictObject({
    workerName: name(),
    supportedHandlers: z.array(name()).min(1).max(LIMITS.handlersPerWorker),
    instanceId: optional(name()),
    pool: optional(name()),
    environment: optional(name()),
    version: optional(name()),
    sdkVersion: optional(name()),
    hostName: optional(name(255)),
    pid: optional(count),
    concurrency: optional(z.int().min(1).max(MOST_SLOTS)),
    metadata: optional(z.record(name(LIMITS.keyLength), json)),
  })
  .openapi('WorkerBootstrap', {
    example: { workerName: 'billing', supportedHandlers: ['charge-card'], instanceId: 'billing-0', sdkVersion: '0.1.0' },
  });

export const heartbeat = z
  .strictObject({
    workerId: id,
    state: z.enum(WORKER_STATES),
    jobs: z.array(z.strictObject({ id, fencingToken: count }).openapi('JobRef')).max(JOBS_IN_FLIGHT),
    inFlight: count,
    processed: count,
    failed: count,
    cpuPercent: optional(z.number().min(0)),
    memoryMb: optional(z.number().min(0)),
    lastError: optional(freeText(TEXT.reason)),
  })
  .openapi('Heartbeat', {
    example: {
      workerId: '7',
      state: 'running',
      jobs: [{ id: '42', fencingToken: 1 }],
      inFlight: 1,
      processed: 310,
      failed: 2,
    },
  });

export const workerShutdown = z
  .strictObject({ workerId: id, reason: optional(freeText(TEXT.reason)), error: optional(freeText(TEXT.reason)) })
  .openapi('WorkerShutdown', { example: { workerId: '7', reason: 'SIGTERM' } });
