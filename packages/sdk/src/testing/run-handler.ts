import {
  DEFAULTS,
  type Json,
  type LogLevel,
  type Measure,
  type StageError,
  type StageJob,
  type StageSpec,
} from '@pipelogiq/protocol';
import type { AnyHandler, Handler } from '../handler.js';
import type { Jsonify } from '../jsonify.js';
import { execute, type Outcome } from '../worker/execute.js';
import type { ContextWriteText } from '../worker/job-context.js';
import { type JobPorts, JobView } from '../worker/job-view.js';
import type { Middleware } from '../worker/middleware.js';

/** The job that the handler shall see. Everything has a default. */
export interface RunHandlerOptions<Input = unknown> {
  /** Goes through the input schema, as in a worker. Default null. */
  input?: Input;
  /** The pipeline's context. */
  context?: { [key: string]: Json };
  /** Outputs of the dependencies by stage name. With exactly one, it is `previousOutput` too. */
  outputs?: { [stage: string]: Json };
  /** Handlers of the dependencies by stage name; default: named like their stages. */
  outputHandlers?: { [stage: string]: string };
  /** Default 1. */
  attempt?: number;
  /** Default: the handler's own, else 3. */
  maxAttempts?: number;
  /** Becomes `job.signal`. */
  signal?: AbortSignal;
  stage?: string;
  pipelineName?: string;
  idempotencyKey?: string;
  /** Milliseconds. */
  timeoutMs?: number;
  traceparent?: string;
  middleware?: readonly Middleware[];
}

export interface RecordedLog {
  level: LogLevel;
  message: string;
  fields?: Record<string, unknown>;
}
export interface RecordedProgress {
  ratio: number;
  message?: string;
}
export interface RecordedStep {
  name: string;
  /** Milliseconds. */
  durationMs: number;
  failed: boolean;
}

/** What the handler did on the way. */
export interface Recorded {
  /** What the pipeline's context would hold now: with the writes of a completed handler, of any other only what it flushed. */
  context: { [key: string]: Json };
  logs: RecordedLog[];
  progress: RecordedProgress[];
  steps: RecordedStep[];
  /** What `job.measure` counts: all of a completed handler, of any other only what it flushed. */
  measures: Measure[];
  /** Names of the stages that it asked `job.eventToken` for; the tokens were `token-of-{stage}`. */
  eventTokens: string[];
  /** The stages that `job.spawn` adds, as they travel, their handlers' defaults filled in; none when the handler failed. */
  spawned: StageSpec[];
}

export type HandlerResult<Output = unknown> =
  | ({ status: 'completed'; output: Jsonify<Output> } & Recorded)
  | ({
      status: 'failed';
      error: StageError;
      retryable: boolean;
      /** Set by `job.retryAfter`. */
      retryAfterMs?: number;
      /** What was thrown. */
      cause: unknown;
    } & Recorded)
  /** By `job.snooze`: given back, no attempt spent. `delayMs`: milliseconds until it is delivered again. */
  | ({ status: 'snoozed'; delayMs: number } & Recorded);

/**
 * Runs a handler here and now, with a fake job and the very code that runs it in a worker: schemas, middleware, error
 * mapping, JSON. Never rejects because of the handler.
 *
 * @example
 * const result = await runHandler(chargeWorker, { input: { orderId: '42' }, attempt: 2 });
 * expect(result).toMatchObject({ status: 'completed', output: { receipt: 'r-42' } });
 */
export async function runHandler<Name extends string, Input, Output, Received, Returned>(
  handler: Handler<Name, Input, Output, Received, Returned>,
  options: RunHandlerOptions<Input> = {},
): Promise<HandlerResult<Output>> {
  const recorded: Recorded = {
    context: { ...options.context },
    logs: [],
    progress: [],
    steps: [],
    measures: [],
    eventTokens: [],
    spawned: [],
  };
  const runnable = handler as unknown as AnyHandler;
  const job = new JobView(fakeJob(runnable, options), recordingPorts(recorded, options.signal));
  const outcome = await execute(runnable, options.middleware ?? [], job);
  return resultOf<Output>(outcome, recorded);
}

function resultOf<Output>(outcome: Outcome, recorded: Recorded): HandlerResult<Output> {
  if (outcome.kind === 'completed') {
    apply(recorded, outcome.context, outcome.measures);
    recorded.spawned = outcome.spawn.map((text) => JSON.parse(text) as StageSpec);
    const output = outcome.output === undefined ? null : JSON.parse(outcome.output);
    return { status: 'completed', output: output as Jsonify<Output>, ...recorded };
  }
  if (outcome.kind === 'snoozed') return { status: 'snoozed', delayMs: outcome.delayMs, ...recorded };
  const { error, retryable, retryAfterMs, cause } = outcome;
  return { status: 'failed', error, retryable, cause, ...(retryAfterMs !== undefined && { retryAfterMs }), ...recorded };
}

function apply(recorded: Recorded, writes: readonly ContextWriteText[], measures: readonly Measure[]): void {
  recorded.measures.push(...measures);
  for (const { key, value } of writes) recorded.context[key] = JSON.parse(value) as Json;
}

function recordingPorts(recorded: Recorded, signal = new AbortController().signal): JobPorts {
  return {
    signal,
    log: ({ level, message, fields }) => void recorded.logs.push({ level, message, ...(fields && { fields }) }),
    progress: async (ratio, message) => void recorded.progress.push({ ratio, ...(message !== undefined && { message }) }),
    flush: async (writes, measures) => apply(recorded, writes, measures),
    step: (name, run) => recordStep(recorded, name, run),
    eventToken: async (stage) => {
      recorded.eventTokens.push(stage);
      return { stageId: `id-of-${stage}`, token: `token-of-${stage}` };
    },
    now: () => new Date(),
  };
}

async function recordStep<T>(recorded: Recorded, name: string, run: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  let failed = true;
  try {
    const result = await run();
    failed = false;
    return result;
  } finally {
    recorded.steps.push({ name, durationMs: performance.now() - startedAt, failed });
  }
}

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function fakeJob(handler: AnyHandler, options: RunHandlerOptions): StageJob {
  const outputs = options.outputs ?? {};
  const stages = Object.keys(outputs);
  const only = stages.length === 1 ? stages[0] : undefined;
  const timeoutMs = options.timeoutMs ?? handler.defaults.timeoutMs ?? DEFAULTS.timeoutMs;
  return {
    id: '1',
    pipelineId: '1',
    pipelineName: options.pipelineName ?? 'test',
    stage: options.stage ?? handler.name,
    handler: handler.name,
    fencingToken: options.attempt ?? 1,
    attempt: options.attempt ?? 1,
    maxAttempts: options.maxAttempts ?? handler.defaults.maxAttempts ?? DEFAULTS.maxAttempts,
    traceparent: options.traceparent ?? TRACEPARENT,
    input: (JSON.parse(JSON.stringify(options.input ?? null)) as Json) ?? null,
    previousOutput: (only === undefined ? undefined : outputs[only]) ?? null,
    outputs,
    outputHandlers: options.outputHandlers ?? Object.fromEntries(stages.map((stage) => [stage, stage])),
    context: options.context ?? {},
    idempotencyKey: options.idempotencyKey ?? 'test-1',
    leaseMs: DEFAULTS.leaseMs,
    leaseExpiresAt: new Date(Date.now() + DEFAULTS.leaseMs).toISOString(),
    timeoutMs,
    deadline: new Date(Date.now() + timeoutMs).toISOString(),
  };
}
