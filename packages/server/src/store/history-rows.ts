import type { AttemptRow, Flag, IdRange, ReadPage, StageLogRow } from './rows.js';

/** The stage that a delivery or a line was of. Its id may be another stage's by now. */
interface OfStage {
  stage: string;
  /** A rerun took the stage away. */
  is_removed: Flag;
}

export type PastAttempt = AttemptRow & OfStage;
export type PastLog = StageLogRow & OfStage;

/** What deliveries did, those of removed stages too. */
export interface HistoryReads {
  attempts(stages: IdRange, page: ReadPage): Promise<PastAttempt[]>;
  logs(pipelineId: number, page: ReadPage): Promise<PastLog[]>;
  /** The lines in which workers tell of the steps of their handlers. */
  stepLines(
    pipelineId: number,
    limit: number,
  ): Promise<Pick<StageLogRow, 'stage_id' | 'fencing_token' | 'message' | 'fields' | 'logged_at'>[]>;
}
