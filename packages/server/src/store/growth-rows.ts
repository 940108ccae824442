import type { GraphEdge } from './graph-rows.js';
import type { IdRange, StageRow } from './rows.js';

/** A stage that was inserted into a pipeline that exists. */
export type AddedStage = Pick<StageRow, 'id' | 'spawned_by_id' | 'held' | 'fencing_token'>;

/** An id that a removed stage had, with the token of its last delivery: the next stage's tokens go on from there. */
export type FreeId = Pick<StageRow, 'id' | 'fencing_token'>;

/** Stages that are added to pipelines that exist. None of it reads a pipeline as a whole but for counting. */
export interface Growth {
  /** The stages among these that have one of the names. */
  stagesNamed(stages: IdRange, names: string[]): Promise<Pick<StageRow, 'id' | 'name'>[]>;
  /** What depends on these stages. */
  dependentEdges(stageIds: number[]): Promise<GraphEdge[]>;
  countEdges(stages: IdRange): Promise<number>;
  /** Ids of removed stages that no stage has now, those removed longest ago first. */
  freeIds(stages: IdRange, limit: number): Promise<FreeId[]>;
  takeFreeIds(ids: number[]): Promise<void>;
  /** Counts stages that were added and are open, so many of them under ids that had been free. */
  growPipeline(id: number, stages: number, reused: number): Promise<void>;
  markAdded(rows: AddedStage[]): Promise<void>;
  /** Each of these waits for so many stages more. */
  addDependencies(rows: { id: number; count: number }[]): Promise<void>;
}
