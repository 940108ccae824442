import type { AttemptRow, Ms, PipelineRow, StageRow } from './rows.js';

export interface SpanExportTable {
  id: number;
  pipeline_id: number;
  /** Null for the pipeline's own span. */
  stage_id: number | null;
  /** JSON of what it tells; null while that stands in the rows of its pipeline and stage. */
  frozen: string | null;
}

export type SpanPipeline = Pick<
  PipelineRow,
  | 'id'
  | 'name'
  | 'status'
  | 'trigger'
  | 'trace_id'
  | 'root_span_id'
  | 'parent_span_id'
  | 'trace_flags'
  | 'tracestate'
  | 'keywords'
  | 'created_at'
  | 'started_at'
  | 'finished_at'
> & { application: string };

export type SpanStage = Pick<
  StageRow,
  | 'id'
  | 'name'
  | 'handler'
  | 'status'
  | 'span_id'
  | 'attempts'
  | 'fencing_token'
  | 'outcome'
  | 'worker_id'
  | 'ready_at'
  | 'delivery_ready_at'
  | 'leased_at'
  | 'settled_at'
  | 'finished_at'
  | 'error_code'
  | 'error'
>;

export type SpanAttempt = Omit<AttemptRow, 'error'>;

/** All that the span of an ended pipeline or stage tells. */
export interface SpanSource {
  pipeline: SpanPipeline;
  /** Null for the pipeline's own span. */
  stage: SpanStage | null;
  /** Archived deliveries of the stage up to its latest one, in all its runs. */
  attempts: SpanAttempt[];
}

/** Spans to export, written with the commit that ended the work. */
export interface SpanQueue {
  /** Queues the stages and pipelines among these that belong to a sampled trace. */
  queueSpans(stageIds: number[], pipelineIds: number[]): Promise<void>;
  /**
   * Before stages of a pipeline run again or go: what waits for export keeps what it tells now.
   * @param cut - queued stages that have not ended, and end now
   */
  freezeSpans(pipelineId: number, cut: ReadonlySet<number>, now: Ms): Promise<void>;
  removeSpans(ids: number[]): Promise<void>;
}

export interface SpanReads {
  /** The oldest ones. Without a source: the pipeline is gone. */
  queuedSpans(limit: number): Promise<{ id: number; source: SpanSource | undefined }[]>;
}
