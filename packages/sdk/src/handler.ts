import type { StageOptions } from '@pipelogiq/protocol';
import type { Job } from './job.js';
import type { Jsonify } from './jsonify.js';
import type { StandardSchema } from './standard-schema.js';

/** Options of a stage that its handler may know best; a pipeline's stage may override each. */
export type HandlerDefaults = Omit<StageOptions, 'runAt'>;

/** The code of a handler. What it returns becomes the stage's output, stored as JSON. */
export type HandlerRun<Received = unknown, Returned = unknown, Raw = unknown> = (
  input: Received,
  job: Job<Raw>,
) => Promise<Returned> | Returned;

/** What a handler may declare beside its name. */
export interface HandlerOptions<Input = unknown, Output = unknown, Received = Input, Returned = Output> {
  /** Checked and transformed before `run`; a mismatch fails the stage without retry. Any Standard Schema, as of zod or valibot. */
  input?: StandardSchema<Input, Received>;
  /** Checked and transformed after `run`; a mismatch fails the stage without retry. */
  output?: StandardSchema<Returned, Output>;
  /**
   * Stage options for every stage that names this contract: in `definePipeline`, `job.spawn`, `pipelines.append`. A pipeline that is created
   * from a plain object names handlers as texts, of which nobody knows defaults: spread them into its stages.
   */
  defaults?: HandlerDefaults;
  /** Only errors with one of these codes are retried. */
  retryOn?: readonly string[];
  /** Errors with one of these codes are not retried. */
  noRetryOn?: readonly string[];
}

/**
 * What a producer and a worker agree on: a name, types and defaults, without the code.
 *
 * @typeParam Input what a producer gives (the input schema's type before it transforms)
 * @typeParam Output what is stored (the output schema's type after), as JSON keeps it: `Jsonify<Output>`
 * @typeParam Received what the code gets (the input schema's type after)
 * @typeParam Returned what the code returns (the output schema's type before)
 */
export interface HandlerContract<
  Name extends string = string,
  Input = unknown,
  Output = unknown,
  Received = Input,
  Returned = Output,
> {
  readonly name: Name;
  readonly input: StandardSchema<Input, Received> | undefined;
  readonly output: StandardSchema<Returned, Output> | undefined;
  readonly defaults: HandlerDefaults;
  readonly retryOn: readonly string[] | undefined;
  readonly noRetryOn: readonly string[] | undefined;
  /** Adds the code. */
  handle(run: HandlerRun<Received, Returned, Jsonify<Input>>): Handler<Name, Input, Output, Received, Returned>;
}

/** A contract with its code: what a worker runs. */
export interface Handler<Name extends string = string, Input = unknown, Output = unknown, Received = Input, Returned = Output>
  extends HandlerContract<Name, Input, Output, Received, Returned> {
  run(input: Received, job: Job<Jsonify<Input>>): Promise<Returned> | Returned;
}

/** A handler with whatever types, as a worker's list holds it. */
export type AnyHandler = Handler<string, unknown, unknown, unknown, unknown>;

/**
 * Declares a handler without its code, so that producers never bundle what only the worker needs. A payload that changes
 * in a breaking way takes a new name (`charge-card.v2`).
 *
 * @example
 * export const charge = declareHandler('charge-card', { input: ChargeInput, output: Receipt, defaults: { maxAttempts: 5 } });
 * export const chargeWorker = charge.handle(async (input, job) => ({ receipt: await bank.charge(input, job.idempotencyKey) }));
 */
export function declareHandler<const Name extends string, Input = unknown, Output = unknown, Received = Input, Returned = Output>(
  name: Name,
  options: HandlerOptions<Input, Output, Received, Returned> = {},
): HandlerContract<Name, Input, Output, Received, Returned> {
  const contract: HandlerContract<Name, Input, Output, Received, Returned> = {
    name,
    input: options.input,
    output: options.output,
    defaults: options.defaults ?? {},
    retryOn: options.retryOn,
    noRetryOn: options.noRetryOn,
    handle: (run) => ({ ...contract, run }),
  };
  return contract;
}

/**
 * Contract and code in one. Without schemas the types are those of `run`.
 *
 * @example
 * const greet = defineHandler('greet', {}, async (input: { name: string }) => ({ text: `Hello ${input.name}` }));
 */
export function defineHandler<const Name extends string, Received, Returned, Input = Received, Output = Returned>(
  name: Name,
  options: HandlerOptions<Input, Output, Received, Returned>,
  run: HandlerRun<Received, Returned, Jsonify<Input>>,
): Handler<Name, Input, Output, Received, Returned> {
  return declareHandler(name, options).handle(run);
}
