import type { ObservabilityLinks } from './integrations.js';
import type { DeliveryOutcome, PipelineStatus, StageStatus } from './states.js';

/** Waterfall of one pipeline, made from the database alone. Times are RFC 3339; offsets and durations milliseconds. */
export interface PipelineTrace {
  pipelineId: string;
  traceId: string;
  rootSpanId: string;
  parentSpanId?: string;
  name: string;
  status: PipelineStatus;
  startedAt: string;
  /** Until the end, or until now while it runs. */
  durationMs: number;
  stages: TraceStage[];
  links?: ObservabilityLinks;
}

export interface TraceStage {
  stageId: string;
  name: string;
  handler: string;
  spanId: string;
  status: StageStatus;
  dependsOn: string[];
  attempts: TraceAttempt[];
  /** Of an event stage: from the pipeline's start to when it waited, and how long it did. */
  wait?: { offsetMs: number; ms: number };
  links?: ObservabilityLinks;
}

export interface TraceAttempt {
  fencingToken: number;
  spanId: string;
  workerId: string;
  outcome?: DeliveryOutcome;
  errorCode?: string;
  /** From the pipeline's start to the moment the stage could be leased. */
  readyOffsetMs: number;
  queueWaitMs: number;
  runOffsetMs: number;
  runMs: number;
  /** What the handler ran with `job.step`, as its log tells, in the order of their ends; absent without any. */
  steps?: TraceStep[];
}

export interface TraceStep {
  name: string;
  offsetMs: number;
  ms: number;
  failed: boolean;
}
