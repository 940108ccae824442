import type { CreatePipeline } from '@pipelogiq/protocol';
import { ValidationError } from '../errors.js';
import type { HandlerDefaults } from '../handler.js';
import { type StandardSchema, validate } from '../standard-schema.js';
import { type PipelineBuilder, stageCollector } from './builder.js';

/** What one pipeline may be given beside its stages and input. */
export interface CreateOptions extends Omit<CreatePipeline, 'name' | 'stages' | 'trigger' | 'runAt'> {
  /** No stage is delivered before this time; a string is RFC 3339. */
  runAt?: string | Date;
}

/** A definition together with the input of one pipeline, for `createMany`. */
export interface PipelineCall {
  readonly definition: Pick<PipelineDefinition, 'build'>;
  readonly input: unknown;
  readonly options: CreateOptions;
}

/** Input, then options; the input may be left out where the pipeline takes none. */
export type CallArguments<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];

/** A reusable pipeline. */
export interface PipelineDefinition<Input = unknown> {
  readonly name: string;
  readonly version: string | undefined;
  /**
   * The pipeline for one input, as it travels to the server.
   *
   * @throws ValidationError when the input does not fit its schema or the stages do not fit together
   */
  build(input: Input): Promise<CreatePipeline>;
  /**
   * This pipeline with its input, to be created together with others.
   *
   * @example await pipelogiq.pipelines.createMany(orders.map((id) => order.with({ orderId: id }, { idempotencyKey: id })));
   */
  with(...args: CallArguments<Input, CreateOptions>): PipelineCall;
}

/** Options of a pipeline definition. */
export interface DefinitionOptions<Input = unknown, Received = Input> {
  /** Checks and transforms the input before the stages are made. Any Standard Schema. */
  input?: StandardSchema<Input, Received>;
  /** Stored with every pipeline, to tell old and new ones apart. */
  version?: string;
  /** Options of every stage, weaker than its handler's defaults and its own options. */
  defaults?: HandlerDefaults;
}

/**
 * Defines a pipeline: a function from an input to stages. It runs once for every pipeline that is created, where it is
 * created; what one stage makes of another's output is resolved by the server.
 *
 * @example
 * const order = definePipeline('order', { input: OrderInput, version: '3' }, (p, input) => {
 *   const paid = p.stage('charge', charge, { orderId: input.orderId });
 *   p.stage('pack', pack, { receipt: paid.output('receipt') });
 * });
 */
export function definePipeline<Received, Input = Received>(
  name: string,
  options: DefinitionOptions<Input, Received>,
  build: (p: PipelineBuilder, input: Received) => void,
): PipelineDefinition<Input> {
  const { input: schema, version, defaults = {} } = options;
  const definition: PipelineDefinition<Input> = {
    name,
    version,
    async build(input) {
      const parsed = await validate(schema, input);
      if (!parsed.valid) throw invalidInput(name, parsed.errors);
      const { builder, stages } = stageCollector(defaults);
      const result: unknown = build(builder, parsed.value);
      if (result instanceof Promise) throw notSynchronous(name);
      return { name, stages, ...(version !== undefined && { version }) };
    },
    with: (input?: unknown, options: CreateOptions = {}) => ({ definition, input, options }),
  };
  return definition;
}

/** Stages that are added after an `await` would be lost without a word. */
function notSynchronous(name: string): ValidationError {
  const message = `The function that defines the pipeline "${name}" must not be async: load what it needs before, and pass it as input.`;
  return new ValidationError(message, { code: 'invalid_pipeline' });
}

function invalidInput(name: string, errors: { path: string; message: string }[]): ValidationError {
  const listed = errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return new ValidationError(`The input does not fit the pipeline "${name}": ${listed}`, { code: 'invalid_input', errors });
}
