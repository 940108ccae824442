import {
  type Attempt,
  type BulkAction,
  type ContextItem,
  type CreateBulkAction,
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
  type StagesAppended,
} from '@pipelogiq/protocol';
import { PipelineFailedError } from '../errors.js';
import { type AddedStage, type AddedStages, addedStage } from '../pipeline/added-stage.js';
import type { CallArguments, CreateOptions, PipelineCall, PipelineDefinition } from '../pipeline/definition.js';
import type { Transport, TransportRequest } from '../transport/transport.js';
import { type CreateFailed, createMany, createOne, toWire } from './create.js';
import { newIdempotencyKey } from './idempotency-key.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';
import { type WaitOptions, waitForPipeline } from './wait.js';

/** What `create` may be given beside the pipeline and its input. */
export interface CreateCallOptions extends CreateOptions {
  signal?: AbortSignal;
}

/** Creates pipelines, looks at them and acts on them. Needs the scopes `produce` (create), `read`, and `operate` for actions. */
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

  /**
   * Newest first.
   *
   * @example pipelogiq.pipelines.list({ status: 'failed', context: { orderId: '42' } })
   */
  list({ context = {}, ...filter }: PipelineFilter = {}, options: ReadOptions = {}): Listing<PipelineSummary> {
    const values = Object.fromEntries(Object.entries(context).map(([key, value]) => [`context.${key}`, value]));
    return listing(this.#transport, ROUTES.pipelines, { limit: LIMITS.pageSize, ...filter, ...values }, options);
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

  /** What the handlers logged, oldest first. To follow it, read on from the `cursor` that led to the last page. */
  logs(
    id: string,
    { limit = LIMITS.pageSize, cursor, ...options }: ReadOptions & { limit?: number; cursor?: string } = {},
  ): Listing<StageLog> {
    return listing(this.#transport, route(ROUTES.pipelineLogs, { id }), { limit, cursor }, options);
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
  cancel(id: string, { reason, signal }: ReadOptions & { reason?: string } = {}): Promise<Pipeline> {
    return this.#post(route(ROUTES.pipelineCancel, { id }), { reason }, { retry: 'safe', signal });
  }

  /**
   * Lets no further stage start until `resume`. Handlers that run go on, and their results count. Twice is the same as once.
   *
   * @throws ConflictError when the pipeline is final
   */
  pause(id: string, { signal }: ReadOptions = {}): Promise<Pipeline> {
    return this.#post(route(ROUTES.pipelinePause, { id }), {}, { retry: 'safe', signal });
  }

  /**
   * Goes on where `pause` stopped. It is sent once: a repeat would find the pipeline running and be refused.
   *
   * @throws ConflictError when the pipeline is not paused
   */
  resume(id: string, { signal }: ReadOptions = {}): Promise<Pipeline> {
    return this.#post(route(ROUTES.pipelineResume, { id }), {}, { retry: 'never', signal });
  }

  /**
   * Runs a pipeline again: what failed or was cancelled, with all that it blocked, or with `from: 'start'` every stage of a
   * pipeline that is final. It is sent once, since a repeat might run it twice.
   *
   * @throws ConflictError when there is nothing to run again, or from the start while it is not final
   * @example await pipelogiq.pipelines.rerun(id, { from: 'start' });
   */
  rerun(id: string, { from, signal }: ReadOptions & { from?: 'start' | 'failed' } = {}): Promise<Pipeline> {
    return this.#post(route(ROUTES.pipelineRerun, { id }), { from }, { retry: 'never', signal });
  }

  /**
   * Adds stages, at most 1,000, to a pipeline that is not final. Without `dependsOn` the first starts at once and each of the
   * others after the one before it. Every call carries an idempotency key, yours or a new one, so that repeats add them once.
   *
   * @returns the new stages in the order given; `created` is false when an earlier call with this key added them
   * @throws ValidationError when they do not fit into the pipeline; ConflictError when it is final, or the key was used for others
   * @example await pipelogiq.pipelines.append(id, [{ name: 'refund', handler: refund, input: { orderId }, dependsOn: ['charge'] }]);
   */
  append<Sources extends readonly unknown[]>(
    id: string,
    stages: AddedStages<Sources>,
    { idempotencyKey = newIdempotencyKey(), signal }: ReadOptions & { idempotencyKey?: string } = {},
  ): Promise<StagesAppended> {
    const body = { stages: (stages as readonly AddedStage[]).map(addedStage), idempotencyKey };
    return this.#post(route(ROUTES.pipelineStages, { id }), body, { retry: 'safe', signal });
  }

  /**
   * Cancels, pauses, resumes or reruns all pipelines that match a filter, as they are now; or skips or reruns those of their
   * `stages` that match, by default the failed ones. The server does it in small chunks behind other work; `action(id)` tells how far it is. With `dryRun` it only counts what matches. Sent once, unless dry.
   *
   * @throws ValidationError for a filter without any field, and for fields that are of another action
   * @example
   * const { matched } = await pipelogiq.pipelines.act({ action: 'rerun', filter: { status: 'failed', name: 'order' }, dryRun: true });
   */
  act(request: CreateBulkAction, { signal }: ReadOptions = {}): Promise<BulkAction> {
    return this.#post(ROUTES.pipelinesActions, request, { retry: request.dryRun === true ? 'safe' : 'never', signal });
  }

  /** An action on many pipelines: how many it has changed so far. @throws NotFoundError */
  action(id: string, options: ReadOptions = {}): Promise<BulkAction> {
    return this.#read(ROUTES.pipelinesAction, id, options);
  }

  #listOf<Item>(template: string, id: string, options: ReadOptions): Listing<Item> {
    return listing<Item>(this.#transport, route(template, { id }), { limit: LIMITS.pageSize }, options);
  }

  async #post<T>(path: string, body: object, options: Pick<TransportRequest, 'retry' | 'signal'>): Promise<T> {
    return (await this.#transport.request<T>({ method: 'POST', path, body, ...options })).body;
  }

  async #read<T>(template: string, id: string, { signal }: ReadOptions): Promise<T> {
    return (await this.#transport.request<T>({ method: 'GET', path: route(template, { id }), retry: 'safe', signal })).body;
  }
}
