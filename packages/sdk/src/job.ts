import type { EventToken, Json } from '@pipelogiq/protocol';
import type { ContextKey } from './context-key.js';
import type { HandlerContract } from './handler.js';
import type { Jsonify } from './jsonify.js';
import type { AddedStages } from './pipeline/added-stage.js';

/** A handler's contract with whatever types. */
export type AnyContract = HandlerContract<string, unknown, unknown, unknown, unknown>;

/** What another stage's output looks like to a handler: typed when its contract is known. */
export type OutputOf<Source> =
  Source extends HandlerContract<string, infer _Input, infer Output, infer _Received, infer _Returned>
    ? Jsonify<Output>
    : unknown;

/**
 * What a handler gets beside its input: the delivery of one stage, and the means to report about it.
 *
 * @typeParam Input type of the raw input, before the schema
 */
export interface Job<Input = unknown> {
  /** Id of the stage. */
  readonly id: string;
  readonly pipelineId: string;
  readonly pipelineName: string;
  /** Name of the stage in its pipeline. */
  readonly stage: string;
  readonly handler: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Grows with every delivery of the stage: hand it to storage that can refuse writes of older ones. */
  readonly fencingToken: number;
  /** Stable across the attempts of a stage, new on rerun: hand it to services that know idempotency keys. */
  readonly idempotencyKey: string;
  /** When this delivery times out, by this machine's clock. */
  readonly deadline: Date;
  /** Fires when the work no longer counts: cancelled, timed out, lease lost, worker stopping. `signal.reason` says which. */
  readonly signal: AbortSignal;
  /** The input as it was delivered, before the schema. */
  readonly input: Input;
  /** The output of the only dependency, else null. */
  readonly previousOutput: Json;
  /** Outputs of the dependencies by stage name. */
  readonly outputs: Readonly<Record<string, Json>>;
  /** `00-{trace id}-{span id of the stage}-{flags}`. */
  readonly traceparent: string;
  readonly context: JobContext;
  readonly log: JobLog;

  /**
   * The output of the dependency that ran this handler, or that has this stage name. A stage name is looked up first.
   *
   * @example const { receipt } = job.outputOf(charge);
   * @throws Error when no dependency fits, or when several ran this handler
   */
  outputOf<Source extends AnyContract | string>(source: Source): OutputOf<Source>;
  /** The outputs of all dependencies that ran this handler, in the order of `outputs`. */
  outputsOf<Source extends AnyContract | string>(handler: Source): OutputOf<Source>[];
  /** Runs a named part of the work: a child span, a timed log line. Returns what `run` returns. */
  step<T>(name: string, run: () => Promise<T> | T): Promise<T>;
  /** Reports how far the work is. @param ratio 0 to 1 */
  progress(ratio: number, message?: string): Promise<void>;
  /**
   * Counts a figure of the work in the insights: how often, the sum and the percentiles of it, by name, unit, pipeline and handler. It counts once, when this attempt completes the stage; when it
   * fails, its figures are dropped, unless `flush` has sent them before. What is no number from -1e15 to 1e15, and what is beyond 1,000
   * figures of one attempt, is left out with a warning in the job's log: work does not fail over a figure.
   *
   * @param name 1 to 200 characters; one of few: an application has 500 measures, and further ones count as `(other)`
   * @param options `unit`: 1 to 50 characters
   * @example job.measure('amount', input.amount, { unit: 'eur' });
   */
  measure(name: string, value: number, options?: { unit?: string }): void;
  /**
   * Commits what was written to the context and measured so far now, whatever becomes of this attempt. Figures whose answer is lost on the
   * way are sent again, and may then count twice.
   *
   * @throws LeaseLostError when this delivery no longer counts
   */
  flush(): Promise<void>;
  /**
   * Adds stages to the pipeline when this attempt is acked; when it fails, they are forgotten. What depends on this stage waits for
   * them too. They start when this stage is done, or after the ones that they name in `dependsOn`: this stage or other spawned ones.
   * May be called several times, for at most 1,000 stages in all.
   *
   * @example job.spawn(pages.map((page) => ({ name: `page-${page}`, handler: render, input: { page } })));
   * @throws NonRetryableError `spawn_invalid` for too many stages, a name that is spawned twice, or an input that is no JSON
   */
  spawn<Sources extends readonly unknown[]>(stages: AddedStages<Sources>): void;
  /** Ends this attempt as failed and starts the next one after `delayMs` milliseconds instead of the backoff. */
  retryAfter(delayMs: number, message?: string): never;
  /**
   * Gives the job back: no attempt is spent, what it wrote to the context and spawned is forgotten, and it is delivered again after
   * `delayMs` milliseconds, as often as it snoozes. For work that cannot be done yet and has not failed.
   *
   * @example if (!(await report.isReady())) job.snooze(60_000);
   */
  snooze(delayMs: number): never;
  /**
   * A token for an event stage of this pipeline, to be handed to whoever shall complete it: sent as `x-stage-token` to
   * `POST /stages/{stageId}/complete`, it needs no API key. It counts once, and only for this run of the stage. Every call makes
   * another one; ten are live at a time.
   *
   * @param stage name of the event stage
   * @throws NotFoundError when the pipeline has no such stage, ConflictError when it is no event stage or has ended, LeaseLostError. A
   * handler that lets these through fails its stage without another attempt
   * @example const { stageId, token } = await job.eventToken('approve');
   */
  eventToken(stage: string): Promise<EventToken>;
}

/**
 * The pipeline's shared state. Writes are kept here and committed with the ack; they are dropped when the attempt fails,
 * unless `flush` has sent them before.
 */
export interface JobContext {
  /** The value as this handler sees it, its own writes included. */
  get<T extends Json>(key: ContextKey<T>): T | undefined;
  get<T extends Json = Json>(key: string): T | undefined;
  set<T extends Json>(key: ContextKey<T>, value: NoInfer<T>): void;
  /** @param options `sensitive`: shown to handlers only, redacted everywhere else */
  set(key: string, value: Json, options?: { sensitive?: boolean }): void;
  all(): Readonly<Record<string, Json>>;
  /** Commits the writes made so far now; `job.flush` takes what was measured along. */
  flush(): Promise<void>;
}

/** Writes one structured line, stored with the job. */
export type LogMethod = (message: string, fields?: Record<string, unknown>) => void;

/** The job's log, one method a level. */
export interface JobLog {
  readonly trace: LogMethod;
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  readonly fatal: LogMethod;
}
