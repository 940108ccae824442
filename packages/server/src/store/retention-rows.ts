import type { Ms, PipelineRow, StageLogRow } from './rows.js';

/** A pipeline that is gone; what is left of it is found by this id. */
export interface PrunedPipelineTable {
  id: number;
}

export type PrunablePipeline = Pick<PipelineRow, 'id' | 'created_at' | 'finished_at' | 'stages_total'> & {
  /** Whether spans of it wait for export. */
  exports: 0 | 1;
};

/** How much one chunk deletes. */
export interface PruneLimits {
  rows: number;
  /** Of payload: inputs, outputs, log lines, context. */
  bytes: number;
}

export type LogLine = Pick<StageLogRow, 'id' | 'level' | 'logged_at'>;

export interface Retention {
  /**
   * Deletes those of these pipelines that ended before then, with their keywords: nothing finds them any more, and their idempotency
   * keys are free. With `keepExports` one whose spans wait for export stays. Returns the ids of those deleted.
   */
  deletePipelines(ids: number[], endedBefore: Ms, keepExports: boolean): Promise<number[]>;
  /**
   * Deletes what hangs on deleted pipelines, as far as the limits go; says whether there may be more.
   * @param stagePositions - ids of stages between one pipeline and the next (domain/ids.ts)
   */
  deleteRemains(ids: number[], stagePositions: number, limits: PruneLimits): Promise<{ more: boolean }>;
  /**
   * Deletes actions on many pipelines that ended before then, workers not heard of since then that hold no job, and entries of the audit
   * trail from before then; at most `limit` of each. Returns whether there may be more.
   */
  deleteRecords(before: { actions: Ms; workers: Ms; audit: Ms }, limit: number): Promise<{ more: boolean }>;
  deleteStageLogs(ids: number[]): Promise<void>;
  /** Notes that something is left of these. */
  rememberRemains(ids: number[]): Promise<void>;
  forgetRemains(ids: number[]): Promise<void>;
  /** Pipelines of which something is left; locked on stores with several writers, those that another deals with skipped. */
  remains(limit: number): Promise<number[]>;
}

export interface RetentionReads {
  /** Pipelines of all applications, by id, from behind this one. */
  pipelinesAfter(id: number, limit: number): Promise<PrunablePipeline[]>;
  hasRemains(): Promise<boolean>;
  /** Lines of all stages, by id. */
  stageLogsAfter(id: number, limit: number): Promise<LogLine[]>;
}
