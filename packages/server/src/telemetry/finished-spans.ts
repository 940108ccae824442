import type { DeliveryOutcome, FinalPipelineStatus, StageStatus, Trigger } from '@pipelogiq/protocol';

/** A row of the durable export queue. Ids are lower-case hex or decimal strings, times epoch milliseconds. */
export type FinishedSpan = FinishedPipelineSpan | FinishedStageSpan;

interface TraceFields {
  traceId: string;
  /** Span of the pipeline; the parent of its stages. */
  rootSpanId: string;
  /** W3C trace flags; a span of a trace that is not sampled counts as exported. */
  flags: number;
  tracestate?: string | undefined;
}

export interface FinishedPipelineSpan extends TraceFields {
  kind: 'pipeline';
  pipelineId: string;
  name: string;
  application: string;
  /** Span id of the traceparent that came with the creation. */
  parentSpanId?: string | undefined;
  status: FinalPipelineStatus;
  trigger: Trigger;
  createdAt: number;
  startedAt?: number | undefined;
  finishedAt: number;
  keywords?: readonly string[] | undefined;
}

export interface FinishedStageSpan extends TraceFields {
  kind: 'stage';
  stageId: string;
  pipelineId: string;
  pipelineName: string;
  application: string;
  /** The `span_id` that the stage's jobs carried: the parent of the workers' spans. */
  spanId: string;
  name: string;
  handler: string;
  status: StageStatus;
  attempts: number;
  fencingToken: number;
  /** When it could be leased; absent when it never could, as with a blocked stage. */
  readyAt?: number | undefined;
  /** Its last lease; absent when it was never leased. */
  startedAt?: number | undefined;
  finishedAt: number;
  errorCode?: string | undefined;
  errorMessage?: string | undefined;
  /** All that are known, oldest first. The last one may be left out: it is then made from the fields above. */
  deliveries: readonly SpanDelivery[];
}

/** One delivery; its `spanId` differs from the stage's when it belongs to an earlier run of a stage that was rerun. */
export interface SpanDelivery {
  fencingToken: number;
  spanId: string;
  /** Absent when it is the one that just ended. */
  outcome?: DeliveryOutcome | undefined;
  readyAt: number;
  startedAt: number;
  finishedAt: number;
  errorCode?: string | undefined;
  workerId?: string | undefined;
}
