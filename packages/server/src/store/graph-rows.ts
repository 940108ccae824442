import type { PipelineRow, StageRow } from './rows.js';

/** Rows of actions on a whole pipeline. */
export type PipelineState = Pick<
  PipelineRow,
  | 'id'
  | 'application_id'
  | 'name'
  | 'status'
  | 'trigger'
  | 'run'
  | 'run_at'
  | 'started_at'
  | 'finished_at'
  | 'paused_at'
  | 'root_span_id'
  | 'cancel_reason'
  | 'stages_total'
  | 'stages_removed'
  | 'priority'
>;

export type GraphStage = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'status'
  | 'held'
  | 'not_before'
  | 'delay_ms'
  | 'run_at'
  | 'ready_at'
  | 'pending_timeout_ms'
  | 'wait_for'
  | 'dependency_count'
  | 'open_dependencies'
  | 'run_next_if_failed'
  | 'spawned_by_id'
  | 'finished_at'
>;

export interface GraphEdge {
  depends_on_id: number;
  stage_id: number;
}

/** Where a stage stands in its pipeline. */
export type StagePlace = Pick<
  StageRow,
  'id' | 'status' | 'held' | 'dependency_count' | 'open_dependencies' | 'run_at' | 'ready_at' | 'finished_at'
>;

/** The counters of a pipeline, which together make up `stages_total`. */
export type StageCounts = Pick<
  PipelineRow,
  | 'stages_total'
  | 'stages_open'
  | 'stages_completed'
  | 'stages_failed'
  | 'stages_tolerated'
  | 'stages_skipped'
  | 'stages_cancelled'
  | 'stages_blocked'
>;
