import {
  type Attempt,
  type ContextItem,
  type CreatePipeline,
  LIMITS,
  type Pipeline,
  type PipelineCreated,
  type PipelineFilter,
  type PipelineSummary,
  type PipelineTrace,
  ROUTES,
  type Stage,
  type StageLog,
} from '@pipelogiq/protocol';
import { PipelineFailedError } from '../errors.js';
import type { CallArguments, CreateOptions, PipelineCall, PipelineDefinition } from '../pipeline/definition.js';
import type { Transport } from '../transport/transport.js';
import { type CreateFailed, createMany, createOne, toWire } from './create.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';
import { type WaitOptions, waitForPipeline } from './wait.js';

/** What `create` may be given beside the pipeline and its input. */
export interface CreateCallOptions extends CreateOptions {
  signal?: AbortSignal;
}

/** Creates pipelines and looks at them. Needs the scopes `produce` (create), `read` and `operate` (cancel). */
export class Pipelines {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Creates one pipeline. Every call carries an idempotency key, yours or a new one, so that repeats over a bad network make
   * one pipeline. With OpenTelemetry, the pipeline continues the active trace.
   *
   * @param pipeline a definition, or a plain object as on the wire (then without input)
   * @throws ValidationError, ConflictError (key used for another pipeline), ConnectionError and the other client errors
   * @example const { id } = await pipelogiq.pipelines.create(order, { orderId: '42' }, { idempotencyKey: 'order-42' });
   */
  create(pipeline: CreatePipeline, input?: undefined, options?: CreateCallOptions): Promise<PipelineCreated>;
  create<Input>(pipeline: PipelineDefinition<Input>, ...args: CallArguments<Input, CreateCallOptions>): Promise<PipelineCreated>;
  async create(
    pipeline: CreatePipeline | PipelineDefinition,
    input?: unknown,
    { signal, ...options }: CreateCallOptions = {},
  ): Promise<PipelineCreated> {
    return createOne(this.#transport, await toWire(pipeline, input, options), signal);
  }

  /**
   * Creates many pipelines in few calls. One result per item, in order: an item that is refused touches no other.
   *
   * @throws ValidationError before anything is sent, when an input does not fit its definition
   * @throws PipelogiqError when the first call fails as a whole. When a later one does, its items and those behind it have
   *   the error in their results, each with the idempotency key to create it again with.
   * @example await pipelogiq.pipelines.createMany(ids.map((orderId) => order.with({ orderId }, { idempotencyKey: orderId })));
   */
  async createMany(
    list: readonly (CreatePipeline | PipelineCall)[],
    { signal }: ReadOptions = {},
  ): Promise<(PipelineCreated | CreateFailed)[]> {
    if (list.length === 0) return [];
    const wire = list.map((item) =>
      'definition' in item ? toWire(item.definition, item.input, item.options) : toWire(item, undefined),
    );
    return createMany(this.#transport, await Promise.all(wire), signal);
  }

  /** @throws NotFoundError */
  get(id: string, options: ReadOptions = {}): Promise<Pipeline> {
    return this.#read(ROUTES.pipeline, id, options);
  }

  /** Newest first. */
  list(filter: PipelineFilter = {}, options: ReadOptions = {}): Listing<PipelineSummary> {
    return listing(this.#transport, ROUTES.pipelines, { limit: LIMITS.pageSize, ...filter }, options);
  }

  /** All stages with their states, inputs and outputs. */
  stages(id: string, options: ReadOptions = {}): Promise<Stage[]> {
    return this.#listOf<Stage>(ROUTES.pipelineStages, id, options).all();
  }

  /** The shared state. Values that were set as sensitive are redacted. */
  context(id: string, options: ReadOptions = {}): Promise<ContextItem[]> {
    return this.#listOf<ContextItem>(ROUTES.pipelineContext, id, options).all();
  }

  /** Every delivery of every stage, with its outcome. */
  attempts(id: string, options: ReadOptions = {}): Promise<Attempt[]> {
    return this.#listOf<Attempt>(ROUTES.pipelineAttempts, id, options).all();
  }

  /** What the handlers logged. */
  logs(id: string, options: ReadOptions = {}): Listing<StageLog> {
    return this.#listOf(ROUTES.pipelineLogs, id, options);
  }

  /** When each stage waited and ran, from the database: no tracing backend is needed. */
  trace(id: string, options: ReadOptions = {}): Promise<PipelineTrace> {
    return this.#read(ROUTES.pipelineTrace, id, options);
  }

  /**
   * Waits until the pipeline is completed, failed or cancelled, and returns it.
   *
   * @throws TimeoutError after `timeoutMs`; the pipeline goes on
   */
  wait(id: string, options: WaitOptions = {}): Promise<Pipeline> {
    return waitForPipeline(this.#transport, id, options);
  }

  /**
   * As `wait`, but anything else than `completed` is an error.
   *
   * @throws PipelineFailedError with the stages that failed
   */
  async waitForSuccess(id: string, options: WaitOptions = {}): Promise<Pipeline> {
    const pipeline = await this.wait(id, options);
    if (pipeline.status === 'completed') return pipeline;
    const stages = await this.stages(id, options.signal ? { signal: options.signal } : {});
    throw new PipelineFailedError(
      pipeline,
      stages.filter((stage) => stage.status === 'failed'),
    );
  }

  /**
   * Cancels what has not run yet; running handlers are told by their signal.
   *
   * @throws ConflictError when the pipeline is final already
   */
  async cancel(id: string, { reason, signal }: ReadOptions & { reason?: string } = {}): Promise<Pipeline> {
    const path = route(ROUTES.pipelineCancel, { id });
    const request = { method: 'POST', path, body: { reason }, retry: 'safe', signal } as const;
    return (await this.#transport.request<Pipeline>(request)).body;
  }

  #listOf<Item>(template: string, id: string, options: ReadOptions): Listing<Item> {
    return listing<Item>(this.#transport, route(template, { id }), { limit: LIMITS.pageSize }, options);
  }

  async #read<T>(template: string, id: string, { signal }: ReadOptions): Promise<T> {
    return (await this.#transport.request<T>({ method: 'GET', path: route(template, { id }), retry: 'safe', signal })).body;
  }
}
