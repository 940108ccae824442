import type { ContextRow, IdRange, ReadPage, StageRow } from './rows.js';

/** Rows of a page that is bounded in bytes. */
export interface Portion<Row> {
  /** One more than are shown, when there is one. */
  rows: Row[];
  /** How many fit; at least one, when there is any. */
  shown: number;
}

/** What the waterfall needs of a stage. */
export type StageOutline = Pick<
  StageRow,
  'id' | 'name' | 'handler' | 'span_id' | 'status' | 'wait_for' | 'ready_at' | 'finished_at'
>;

export interface PayloadReads {
  stages(ids: IdRange, page: ReadPage & { maxBytes: number }): Promise<Portion<StageRow>>;
  context(
    pipelineId: number,
    page: { limit: number; after?: string | undefined; maxBytes: number },
  ): Promise<Portion<ContextRow>>;
  stageOutlines(ids: IdRange, limit: number): Promise<StageOutline[]>;
}
