import type {
  DeliveryOutcome,
  PipelineStatus,
  PipelineTrace,
  StageStatus,
  TraceAttempt,
  TraceStage,
  TraceStep,
} from '@pipelogiq/protocol';

/** Absent in a row: `null` from the database, `undefined` from code. */
type Maybe<T> = T | null | undefined;

/** What the waterfall needs of a pipeline's row. Times are epoch milliseconds. */
export interface TracedPipeline {
  id: string;
  traceId: string;
  rootSpanId: string;
  parentSpanId?: Maybe<string>;
  name: string;
  status: PipelineStatus;
  createdAt: number;
  startedAt?: Maybe<number>;
  finishedAt?: Maybe<number>;
}

export interface TracedStage {
  id: string;
  name: string;
  handler: string;
  /** Of the current run; earlier runs have theirs in their attempts. */
  spanId: string;
  status: StageStatus;
  dependsOn: readonly string[];
  /** Since when an event stage waited, and until when it did. */
  waitedFrom?: Maybe<number>;
  waitedTo?: Maybe<number>;
}

/** One delivery, the running one included. */
export interface TracedAttempt {
  stageId: string;
  fencingToken: number;
  spanId: string;
  workerId: string;
  /** Absent while it runs. */
  outcome?: Maybe<DeliveryOutcome>;
  errorCode?: Maybe<string>;
  readyAt: number;
  startedAt: number;
  finishedAt?: Maybe<number>;
  steps?: readonly TracedStep[];
}

/** By the worker's clock. */
export interface TracedStep {
  name: string;
  endedAt: number;
  durationMs: number;
  failed: boolean;
}

/**
 * The waterfall of a pipeline: stages in the order given, each with all its deliveries by fencing token.
 * It begins where something could first happen, so that hours of `runAt` do not squeeze the work into one pixel.
 */
export function buildWaterfall(
  pipeline: TracedPipeline,
  stages: readonly TracedStage[],
  attempts: readonly TracedAttempt[],
  now: number,
): PipelineTrace {
  const begin = beginOf(pipeline, attempts);
  const byStage = attemptsByStage(attempts);
  const { id, traceId, rootSpanId, parentSpanId, name, status, finishedAt } = pipeline;
  return {
    pipelineId: id,
    traceId,
    rootSpanId,
    ...(parentSpanId && { parentSpanId }),
    name,
    status,
    startedAt: new Date(begin).toISOString(),
    durationMs: elapsed(begin, finishedAt ?? now),
    stages: stages.map((stage) => traceStage(stage, byStage.get(stage.id) ?? [], begin, now)),
  };
}

function attemptsByStage(attempts: readonly TracedAttempt[]): ReadonlyMap<string, TracedAttempt[]> {
  const byStage = new Map<string, TracedAttempt[]>();
  for (const attempt of attempts) {
    const known = byStage.get(attempt.stageId);
    if (known) known.push(attempt);
    else byStage.set(attempt.stageId, [attempt]);
  }
  return byStage;
}

/** The earliest of start and first ready stage; the creation when nothing was ready yet. */
function beginOf({ createdAt, startedAt }: TracedPipeline, attempts: readonly TracedAttempt[]): number {
  const first = attempts.reduce((earliest, { readyAt }) => Math.min(earliest, readyAt), startedAt ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? first : createdAt;
}

function traceStage(stage: TracedStage, attempts: readonly TracedAttempt[], begin: number, now: number): TraceStage {
  const { id, name, handler, spanId, status, dependsOn, waitedFrom, waitedTo } = stage;
  const inOrder = attempts.toSorted((a, b) => a.fencingToken - b.fencingToken);
  return {
    stageId: id,
    name,
    handler,
    spanId,
    status,
    dependsOn: [...dependsOn],
    attempts: inOrder.map((attempt) => traceAttempt(attempt, begin, now)),
    ...(typeof waitedFrom === 'number' && {
      wait: { offsetMs: elapsed(begin, waitedFrom), ms: elapsed(waitedFrom, waitedTo ?? now) },
    }),
  };
}

function traceAttempt(attempt: TracedAttempt, begin: number, now: number): TraceAttempt {
  const { fencingToken, spanId, workerId, outcome, errorCode, readyAt, startedAt, finishedAt, steps = [] } = attempt;
  return {
    fencingToken,
    spanId,
    workerId,
    ...(outcome && { outcome }),
    ...(errorCode && { errorCode }),
    readyOffsetMs: elapsed(begin, readyAt),
    queueWaitMs: elapsed(readyAt, startedAt),
    runOffsetMs: elapsed(begin, startedAt),
    runMs: elapsed(startedAt, finishedAt ?? now),
    ...(steps.length > 0 && { steps: steps.map((step) => traceStep(step, attempt, begin, now)) }),
  };
}

/** A worker's clock may differ from the server's: a step never leaves its attempt. */
function traceStep(
  { name, endedAt, durationMs, failed }: TracedStep,
  attempt: TracedAttempt,
  begin: number,
  now: number,
): TraceStep {
  const end = Math.min(Math.max(endedAt, attempt.startedAt), attempt.finishedAt ?? now);
  const start = Math.max(end - durationMs, attempt.startedAt);
  return { name, offsetMs: elapsed(begin, start), ms: elapsed(start, end), failed };
}

/** Never negative, though clocks of replicas and clocks set back may be. */
const elapsed = (from: number, to: number): number => Math.max(to - from, 0);
