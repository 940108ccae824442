import { type CreatePipeline, type PipelineBatchResult, type PipelineCreated, ROUTES } from '@pipelogiq/protocol';
import { PipelogiqError, problemToError } from '../errors.js';
import type { CreateOptions, PipelineDefinition } from '../pipeline/definition.js';
import { withCreateSpan } from '../tracing/create-span.js';
import type { Transport } from '../transport/transport.js';
import { batchBody, halve, splitBatches } from './batches.js';
import { newIdempotencyKey } from './idempotency-key.js';

/** An item of `createMany` that was not created. */
export interface CreateFailed {
  error: PipelogiqError;
  /** Create the item again with this key: should the first try have arrived after all, there is still only one pipeline. */
  idempotencyKey: string;
}

type Keyed = CreatePipeline & { idempotencyKey: string };
type BuildsPipeline = Pick<PipelineDefinition, 'build'>;

/** The pipeline as it travels: options count more than the pipeline's own fields, and there is always an idempotency key. */
export async function toWire(
  pipeline: CreatePipeline | BuildsPipeline,
  input: unknown,
  options: CreateOptions = {},
): Promise<Keyed> {
  const built = 'build' in pipeline ? await pipeline.build(input) : pipeline;
  const { runAt, ...fields } = options;
  return {
    ...built,
    ...fields,
    ...(runAt !== undefined && { runAt: typeof runAt === 'string' ? runAt : runAt.toISOString() }),
    idempotencyKey: options.idempotencyKey ?? built.idempotencyKey ?? newIdempotencyKey(),
  };
}

/** Creates one pipeline, in the trace that is active here unless it names another. */
export function createOne(transport: Transport, pipeline: Keyed, signal: AbortSignal | undefined): Promise<PipelineCreated> {
  return withCreateSpan(pipeline.name, async (trace) => {
    const body = withTrace(pipeline, trace);
    const request = { method: 'POST', path: ROUTES.pipelines, body, retry: 'safe', signal } as const;
    return (await transport.request<PipelineCreated>(request)).body;
  });
}

/** Creates many, in the trace that is active here. One result per item, in order. */
export function createMany(
  transport: Transport,
  pipelines: readonly Keyed[],
  signal: AbortSignal | undefined,
): Promise<(PipelineCreated | CreateFailed)[]> {
  return withCreateSpan(commonName(pipelines), async (trace) => {
    const items = pipelines.map((pipeline) => JSON.stringify(withTrace(pipeline, trace)));
    const results = await sendBatches(transport, items, signal);
    return pipelines.map(({ idempotencyKey }, index) => {
      const result = results[index];
      if (result !== undefined && !(result instanceof PipelogiqError)) return result;
      return { error: result ?? missingResult(), idempotencyKey };
    });
  });
}

/**
 * Sends items in as few calls as their sizes allow, one after the other.
 *
 * @throws PipelogiqError when the first call fails as a whole; when a later one does, its items and those behind it get the error
 */
async function sendBatches(transport: Transport, items: readonly string[], signal: AbortSignal | undefined) {
  const results: (PipelineCreated | PipelogiqError)[] = [];
  const queue = splitBatches(items);
  for (let batch = queue.shift(); batch; batch = queue.shift()) {
    try {
      results.push(...(await sendBatch(transport, batch, signal)));
    } catch (error) {
      if (!(error instanceof PipelogiqError)) throw error;
      if (error.code === 'payload_too_large') {
        // The server may be set to smaller bodies than the default.
        if (batch.length > 1) queue.unshift(...halve(batch));
        else results.push(error);
      } else {
        if (results.length === 0) throw error;
        return [...results, ...Array<PipelogiqError>(items.length - results.length).fill(error)];
      }
    }
  }
  return results;
}

async function sendBatch(transport: Transport, items: readonly string[], signal: AbortSignal | undefined) {
  const request = { method: 'POST', path: ROUTES.pipelinesBatch, body: batchBody(items), retry: 'safe', signal } as const;
  const { results } = (await transport.request<PipelineBatchResult>(request)).body;
  return results.map((result) => ('error' in result ? problemToError(result.error.status, result.error) : result));
}

function missingResult(): PipelogiqError {
  return new PipelogiqError('The server answered fewer results than pipelines were sent.', { code: 'unexpected_response' });
}

/** The trace of the caller, unless the pipeline names its own. */
function withTrace(pipeline: Keyed, trace: { traceparent?: string; tracestate?: string }): Keyed {
  return pipeline.traceparent === undefined ? { ...pipeline, ...trace } : pipeline;
}

/** Names the span of a batch; pipelines of many names are only "batch", because span names must stay few. */
function commonName(pipelines: readonly CreatePipeline[]): string {
  const [first, ...others] = new Set(pipelines.map((pipeline) => pipeline.name));
  return first !== undefined && others.length === 0 ? first : 'batch';
}
