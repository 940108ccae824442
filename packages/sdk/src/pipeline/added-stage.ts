import type { Json, StageSpec } from '@pipelogiq/protocol';
import type { HandlerContract } from '../handler.js';
import type { AnyContract } from '../job.js';
import type { StageInput } from './reference.js';
import { type GivenStageOptions, nameOf, stageOptions } from './stage-spec.js';

interface AddedStageFields extends GivenStageOptions {
  /** Unique in the pipeline, among the stages that it has already too. */
  name: string;
  /** Names of stages that must be done first. */
  dependsOn?: readonly string[];
  /** Takes the same dependencies as these of the added stages. */
  runInParallelWith?: readonly string[];
  /** Makes it an event stage, which no worker runs. */
  waitFor?: 'event';
}

/** What a producer gives a handler; anything, when it is known by name only. */
type GivenInput<Source> =
  Source extends HandlerContract<string, infer Input, infer _Output, infer _Received, infer _Returned> ? Input : unknown;

/**
 * A stage for a pipeline that exists already. Its handler's contract types its input and gives it default options; a handler
 * that is given by name is not checked. Stages of several handlers that are collected before they are added are `AddedStage[]`.
 *
 * @typeParam Source the handler's contract, or its name
 */
export type AddedStage<Source = unknown> = AddedStageFields & {
  /** Default: the stage's name. */
  handler?: Source & (AnyContract | string);
} & (undefined extends GivenInput<Source>
    ? { input?: StageInput<GivenInput<Source>> }
    : { input: StageInput<GivenInput<Source>> });

/** A list of added stages, each with the type of its own handler. */
export type AddedStages<Sources extends readonly unknown[]> = readonly [...{ [At in keyof Sources]: AddedStage<Sources[At]> }];

/** The stage as it travels. */
export function addedStage(stage: AddedStage): StageSpec {
  const { name, handler, input, dependsOn, runInParallelWith, waitFor, ...options } = stage;
  return {
    ...stageOptions(handler, options),
    name,
    ...(handler !== undefined && { handler: nameOf(handler) }),
    ...(input !== undefined && { input: input as Json }),
    ...(dependsOn && { dependsOn: [...dependsOn] }),
    ...(runInParallelWith && { runInParallelWith: [...runInParallelWith] }),
    ...(waitFor && { waitFor }),
  };
}
