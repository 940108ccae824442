import { z } from '@hono/zod-openapi';
import { type CreatePipeline, HEADERS, type PipelineBatchResult, type PipelineCreated, ROUTES } from '@pipelogiq/protocol';
import { actorOf } from '../../domain/account/audit.js';
import { DomainError } from '../../domain/errors.js';
import type { Principal } from '../../domain/use-cases.js';
import type { HttpDeps } from '../deps.js';
import { withIdempotencyKey } from '../idempotency-key.js';
import { problemOf } from '../problems.js';
import { pageFields } from '../query.js';
import { type Call, json, type Reply, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { pipelineBatchResult, pipelineCreated, pipelineSummary } from '../schemas/pipeline-answers.js';
import { createPipeline, createPipelineBatch, pipelineBatchEnvelope, pipelineFilterFields } from '../schemas/pipelines.js';

const TRACE_HEADERS = {
  traceparent: 'W3C Trace Context; the field of the body counts before it.',
  tracestate: 'Goes with the traceparent header.',
};

/** A trace in the body counts whole before one in the headers: states of two traces must not mix. */
export function withTrace(item: CreatePipeline, headers: Headers): CreatePipeline {
  const traceparent = headers.get('traceparent');
  if (item.traceparent !== undefined || traceparent === null) return item;
  const tracestate = headers.get('tracestate');
  return { ...item, traceparent, ...(tracestate !== null && { tracestate }) };
}

function create({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'createPipeline',
    summary: 'Create a pipeline',
    tag: 'Pipelines',
    method: 'POST',
    path: ROUTES.pipelines,
    access: 'produce',
    body: { schema: createPipeline, size: 'single' },
    headers: { 'Idempotency-Key': 'Same as the field idempotencyKey.', ...TRACE_HEADERS },
    answers: {
      201: { description: 'Created.', schema: pipelineCreated },
      200: { description: 'The pipeline that an earlier request with the same idempotency key made.', schema: pipelineCreated },
    },
    errors: ['invalid_pipeline', 'idempotency_conflict', 'idempotency_mismatch'],
    async handle({ caller, body, headers, check }) {
      const item = withIdempotencyKey(body, headers, (keyed) => check(createPipeline, keyed, ''));
      const [result] = await useCases.pipelines.create(caller, [withTrace(item, headers)]);
      if (result === undefined || result instanceof DomainError) throw result ?? new Error('create gave no result');
      return json(result.created ? 201 : 200, result, result.created ? { location: `pipelines/${result.id}` } : {});
    },
  });
}

type BatchCall = Call<Principal, { pipelines: unknown[] }, undefined>;

function checkItem({ check, headers }: BatchCall, item: unknown, index: number): CreatePipeline | DomainError {
  try {
    return withTrace(check(createPipeline, item, `pipelines[${index}]`), headers);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** Each item is checked and created for itself; the answer keeps their order. */
async function createEach({ useCases, log }: HttpDeps, call: BatchCall): Promise<Reply> {
  if (call.headers.has(HEADERS.idempotencyKey)) {
    throw new DomainError('invalid_request', 'A batch takes no Idempotency-Key header; give each pipeline its idempotencyKey.');
  }
  const items = call.body.pipelines.map((item, index) => checkItem(call, item, index));
  const good = items.filter((item): item is CreatePipeline => !(item instanceof DomainError));
  const made = (good.length > 0 ? await useCases.pipelines.create(call.caller, good) : []).values();
  const results = items.map((item): PipelineCreated | { error: ReturnType<typeof problemOf> } => {
    const result =
      item instanceof DomainError ? item : (made.next().value ?? new DomainError('internal', 'create gave no result'));
    if (!(result instanceof DomainError)) return result;
    if (result.code === 'internal') {
      log.error({ err: result.cause, requestId: call.requestId, userId: actorOf(call.caller) }, 'an item of a batch failed');
    }
    return { error: problemOf(result, call.requestId) };
  });
  return json(200, { results } satisfies PipelineBatchResult);
}

function createBatch(deps: HttpDeps): Route {
  return route({
    operationId: 'createPipelines',
    summary: 'Create up to 1,000 pipelines, each with its own result',
    tag: 'Pipelines',
    method: 'POST',
    path: ROUTES.pipelinesBatch,
    access: 'produce',
    body: { schema: pipelineBatchEnvelope, documented: createPipelineBatch, size: 'batch' },
    headers: TRACE_HEADERS,
    answers: { 200: { description: 'One result per item, in order.', schema: pipelineBatchResult } },
    handle: (call) => createEach(deps, call),
  });
}

function list({ useCases, limits }: HttpDeps): Route {
  return route({
    operationId: 'listPipelines',
    summary: 'List pipelines, newest first',
    tag: 'Pipelines',
    method: 'GET',
    path: ROUTES.pipelines,
    access: 'read',
    query: z.strictObject({ ...pipelineFilterFields, ...pageFields(limits) }),
    answers: { 200: { description: 'One page.', schema: page(pipelineSummary) } },
    handle: async ({ caller, query }) => json(200, await useCases.pipelines.list(caller, query)),
  });
}

export const pipelineRoutes = (deps: HttpDeps): Route[] => [create(deps), createBatch(deps), list(deps)];
