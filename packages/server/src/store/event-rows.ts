import type { Ms } from './rows.js';

/** The log of events: what groups committed, packed, oldest first. */
export interface EventTable {
  /** In the order of the commits. Grows by one for each KiB that is written, so that a span of ids bounds a size. */
  id: number;
  written_at: Ms;
  /** JSON array of compact events. */
  payload: string;
}

/** One row of the log. Rows are in the order of their ids. */
export interface EventPosition {
  id: number;
  /** Tells rows of one id apart that were written before and after a restore of the database. */
  writtenAt: Ms;
}

export interface EventRow extends EventPosition {
  /** Null for the first row when it was not asked for. */
  payload: string | null;
}

export interface EventLog {
  /** Makes sure that there is a row to begin from. */
  openEvents(now: Ms): Promise<void>;
  /** Removes everything: a log with a gap must not be resumed. */
  clearEvents(): Promise<void>;
  /**
   * Must be the last that a transaction does: where commits overlap it locks the log until the commit, so that the order of rows is
   * that of commits, and who holds that lock must wait for nobody.
   */
  appendEvents(payloads: string[], now: Ms): Promise<void>;
  /** Removes up to `limit` of the oldest rows: those written before `before`, and those beyond the newest `keepBytes`. Never the newest. */
  pruneEvents(bounds: { before: Ms; keepBytes: number; limit: number }): Promise<number>;
}

export interface EventReads {
  /** The newest row. */
  lastEvent(): Promise<EventPosition | undefined>;
  /** Rows from `from` on, that one included, in order. What a later read finds lies behind them. */
  eventsFrom(from: EventPosition, page: { limit: number; withFirst: boolean }): Promise<EventRow[]>;
}
