import type { Json, StageSpec } from '@pipelogiq/protocol';
import { ValidationError } from '../errors.js';
import type { HandlerContract, HandlerDefaults } from '../handler.js';
import type { Jsonify } from '../jsonify.js';
import { referencedStages, type StageInput } from './reference.js';
import { StageRef } from './stage-ref.js';
import { type GivenStageOptions, type NamedHandler, nameOf, stageOptions } from './stage-spec.js';

/** Options of one stage of a defined pipeline. */
export interface DefinedStageOptions extends GivenStageOptions {
  /** Stages that must be done first. The stages whose outputs the input refers to are added by themselves. */
  after?: readonly { readonly name: string }[];
}

/** Options of an event stage. Those of workers and attempts mean nothing to it. */
export interface EventStageOptions
  extends Pick<
    DefinedStageOptions,
    'after' | 'runAt' | 'delayMs' | 'timeoutMs' | 'runNextIfFailed' | 'failIfOutputEmpty' | 'notifyOnFailure'
  > {
  /** Shown with the stage, as what it waits for; nobody is sent it. */
  input?: unknown;
}

/** Input, then options; the input may be left out where the handler takes none. */
export type StageArguments<Input> = undefined extends Input
  ? [input?: StageInput<Input>, options?: DefinedStageOptions]
  : [input: StageInput<Input>, options?: DefinedStageOptions];

/** The type of a stage's output as references see it. */
export type ReferredOutput<Output> = unknown extends Output ? never : Jsonify<Output>;

/** Collects the stages of one pipeline. */
export interface PipelineBuilder {
  /**
   * Adds a stage. It starts when the stages in `after` and those that its input refers to are done; at once when there are none.
   *
   * @param name unique in the pipeline
   * @throws ValidationError for a name that is taken or a stage of another pipeline
   */
  stage<Input, Output, Received, Returned>(
    name: string,
    handler: HandlerContract<string, Input, Output, Received, Returned>,
    ...rest: StageArguments<Input>
  ): StageRef<ReferredOutput<Output>>;
  /** Adds a stage for a handler that is known by name only: nothing about its input and output is checked. */
  stage(name: string, handler: string, input?: unknown, options?: DefinedStageOptions): StageRef;
  /**
   * Adds an event stage: no worker runs it. When the stages in `after` are done it waits, until it is completed from outside
   * (`job.eventToken`, `stages.complete`) or `timeoutMs` is over: default 366 days. The pipeline's `defaults` do not count for it.
   *
   * @typeParam Output what the event brings, for those who refer to it; nothing checks it
   * @example
   * const approved = p.event<{ by: string }>('approve', { after: [draft], timeoutMs: 86_400_000 });
   * p.stage('publish', publish, { approvedBy: approved.output('by') });
   */
  event<Output = unknown>(name: string, options?: EventStageOptions): StageRef<ReferredOutput<Output>>;
}

/** @param defaults weaker than the handler's own, which are weaker than the stage's options */
export function stageCollector(defaults: HandlerDefaults) {
  const stages: StageSpec[] = [];
  const refs = new Map<string, StageRef>();

  function stage(name: string, handler: NamedHandler, input?: unknown, options: DefinedStageOptions = {}): StageRef {
    return add(name, (path) => specify(name, handler, input, options, path));
  }

  function event<Output>(name: string, { after = [], input, ...own }: EventStageOptions = {}): StageRef<ReferredOutput<Output>> {
    return add(name, (path) => ({
      ...stageOptions(undefined, own),
      name,
      waitFor: 'event',
      ...(input !== undefined && { input: input as Json }),
      dependsOn: dependencies(after, input, path),
    }));
  }

  function add<T>(name: string, specOf: (path: string) => StageSpec): StageRef<T> {
    const path = `stages[${stages.length}]`;
    if (refs.has(name)) throw invalid(`${path}.name`, `there is already a stage "${name}"`);
    stages.push(specOf(path));
    const ref = new StageRef<T>(name);
    refs.set(name, ref as StageRef);
    return ref;
  }

  function specify(name: string, handler: NamedHandler, input: unknown, options: DefinedStageOptions, path: string) {
    const { after = [], ...own } = options;
    return {
      ...defaults,
      ...stageOptions(handler, own),
      name,
      handler: nameOf(handler),
      ...(input !== undefined && { input: input as Json }),
      dependsOn: dependencies(after, input, path),
    } satisfies StageSpec;
  }

  /** Only stages that exist already can be named, so no cycle can be written. */
  function dependencies(after: readonly { readonly name: string }[], input: unknown, path: string): string[] {
    for (const ref of after) {
      if (refs.get(ref.name) !== ref) throw invalid(`${path}.after`, `"${ref.name}" is no stage of this pipeline`);
    }
    const referenced = referencedStages(input);
    for (const name of referenced) {
      if (!refs.has(name)) throw invalid(`${path}.input`, `it refers to the output of "${name}", which is no earlier stage`);
    }
    return [...new Set([...after.map((ref) => ref.name), ...referenced])];
  }

  const builder: PipelineBuilder = { stage, event };
  return { builder, stages };
}

function invalid(path: string, message: string): ValidationError {
  return new ValidationError(`${path}: ${message}.`, { code: 'invalid_pipeline', errors: [{ path, message }] });
}
