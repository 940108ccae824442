import { z } from '@hono/zod-openapi';
import { LIMITS, LOG_LEVELS, PIPELINE_STATUSES, TRIGGERS } from '@pipelogiq/protocol';
import { durationMs, freeText, json, name, optional, TEXT, time } from './common.js';

export const backoff = z
  .strictObject({
    type: z.enum(['fixed', 'linear', 'exponential']),
    delayMs: durationMs(),
    maxDelayMs: optional(durationMs()),
    jitter: optional(z.boolean()),
  })
  .openapi('Backoff', { description: 'Wait before the next attempt.', example: { type: 'exponential', delayMs: 1000 } });

const priority = z.int().min(LIMITS.priority.min).max(LIMITS.priority.max);

export const stageSpec = z
  .strictObject({
    name: name(),
    handler: optional(name()),
    input: optional(json),
    dependsOn: optional(z.array(name()).max(LIMITS.stagesPerPipeline)),
    runInParallelWith: optional(z.array(name()).max(LIMITS.stagesPerPipeline)),
    waitFor: optional(z.literal('event')),
    priority: optional(priority),
    runAt: optional(time),
    delayMs: optional(durationMs()),
    timeoutMs: optional(durationMs(1)),
    pendingTimeoutMs: optional(durationMs(1)),
    maxAttempts: optional(z.int().min(1).max(LIMITS.maxAttempts)),
    backoff: optional(backoff),
    runNextIfFailed: optional(z.boolean()),
    failIfOutputEmpty: optional(z.boolean()),
    notifyOnFailure: optional(z.boolean()),
  })
  .openapi('StageSpec');

export const createPipeline = z
  .strictObject({
    name: name(),
    stages: z.array(stageSpec).min(1).max(LIMITS.stagesPerPipeline),
    keywords: optional(z.array(name()).max(LIMITS.keywordsPerPipeline)),
    context: optional(z.record(name(LIMITS.keyLength), json)),
    idempotencyKey: optional(name(LIMITS.idempotencyKeyLength)),
    trigger: optional(z.enum(TRIGGERS)),
    environment: optional(name()),
    version: optional(name()),
    priority: optional(priority),
    runAt: optional(time),
    slaMs: optional(durationMs(1)),
    traceparent: optional(z.string()),
    tracestate: optional(z.string()),
  })
  .openapi('CreatePipeline', {
    example: {
      name: 'order',
      stages: [
        { name: 'charge', handler: 'charge-card', input: { orderId: '42' }, maxAttempts: 5 },
        { name: 'pack', handler: 'pack', input: { receipt: { $output: { stage: 'charge', path: ['receipt'] } } } },
      ],
      keywords: ['customer-7'],
      idempotencyKey: 'order-42',
    },
  });

export const createPipelineBatch = z
  .strictObject({ pipelines: z.array(createPipeline).min(1).max(LIMITS.pipelinesPerBatch) })
  .openapi('CreatePipelineBatch');

/** What is checked of a batch as a whole; each item is then held to `createPipeline` by itself, so that it fails alone. */
export const pipelineBatchEnvelope = z.strictObject({ pipelines: z.array(z.unknown()).min(1).max(LIMITS.pipelinesPerBatch) });

export const cancelPipeline = z.strictObject({ reason: optional(freeText(TEXT.reason)) }).openapi('CancelPipeline');

/** Values that items of the context have, as text: an empty object would ask for nothing and match everything. */
export const contextFilter = z.record(name(LIMITS.keyLength), z.string().max(LIMITS.contextValueLength)).refine((context) => {
  const asked = Object.keys(context).length;
  return asked >= 1 && asked <= LIMITS.contextPerFilter;
}, `must have 1 to ${LIMITS.contextPerFilter} keys`);

/** `GET /pipelines?…` without the page fields. */
export const pipelineFilterFields = {
  status: optional(z.enum(PIPELINE_STATUSES)),
  name: optional(name()),
  application: optional(name()),
  keyword: optional(name()),
  version: optional(name()),
  search: optional(name()),
  context: optional(
    contextFilter.openapi({
      description: 'Values of the context, each as a parameter of its own: `context.orderId=42`, or `context[orderId]=42`.',
      param: { name: 'context', in: 'query', style: 'deepObject', explode: true },
    }),
  ),
  traceId: optional(z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 lower-case hex digits')),
  from: optional(time),
  to: optional(time),
};

export const logLevel = z.enum(LOG_LEVELS);
