import type { Ms } from './rows.js';

/** The log of events: what groups committed, packed, oldest first. */
export interface EventTable {
  /** Of the transaction that wrote it; only where commits overlap. */
  xid: string;
  /** Grows by one for each KiB that is written, so that a span of ids bounds a size. */
  id: number;
  written_at: Ms;
  /** JSON array of compact events. */
  payload: string;
}

/** One row of the log. Rows are in the order of `xid`, then `id`. */
export interface EventPosition {
  /** 0 where one connection writes. */
  xid: number;
  id: number;
  /** Tells rows of one id apart that were written before and after a restore of the database. */
  writtenAt: Ms;
}

export interface EventRow extends EventPosition {
  /** Null for the first row when it was not asked for, and for rows that are not settled. */
  payload: string | null;
  /** Whether no row will come before this one any more: every transaction that began earlier is over. */
  settled: boolean;
}

export interface EventLog {
  /** Makes sure that there is a row to begin from; rows of another database server, whose transactions are numbered anew, are removed. */
  openEvents(now: Ms): Promise<void>;
  /** Removes everything: a log with a gap must not be resumed. */
  clearEvents(): Promise<void>;
  appendEvents(payloads: string[], now: Ms): Promise<void>;
  /** Removes up to `limit` of the oldest rows: those written before `before`, and those beyond the newest `keepBytes`. Never the newest. */
  pruneEvents(bounds: { before: Ms; keepBytes: number; limit: number }): Promise<number>;
}

export interface EventReads {
  /** The newest settled row. */
  lastEvent(): Promise<EventPosition | undefined>;
  /** Rows from `from` on, that one included, in order; after one that is not settled there is none. */
  eventsFrom(from: EventPosition, page: { limit: number; withFirst: boolean }): Promise<EventRow[]>;
}
