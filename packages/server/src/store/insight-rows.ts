import type { IdRange, Ms, PipelineRow, ReadPage } from './rows.js';

/** What one group measured, packed (domain/insight/delta.ts); a loop folds it into pages. */
export interface StatDeltaTable {
  id: number;
  written_at: Ms;
  payload: Uint8Array;
  /** JSON array of failures. */
  failures: string | null;
}

export interface StatSeriesTable {
  id: number;
  application_id: number;
  /** Code of domain/insight/series.ts. */
  kind: number;
  pipeline: string;
  stage: string;
  handler: string;
  unit: string;
  /** To the day. */
  last_seen_at: Ms;
}

/** The series of one slot over one period: `slot` is the series' id shifted by SLOT_BITS. */
export interface StatPageTable {
  application_id: number;
  /** Length of the period. */
  resolution_ms: Ms;
  /** Its begin. */
  period: Ms;
  slot: number;
  payload: Uint8Array;
}

/** Failures that are alike. */
export interface ErrorGroupTable {
  id: number;
  application_id: number;
  fingerprint: string;
  handler: string;
  code: string;
  /** With placeholders for what differs. */
  message: string;
  first_seen_at: Ms;
  last_seen_at: Ms;
  /** Deliveries that failed so. */
  count: number;
  /** Stages that it failed for good. */
  dead: number;
  /** JSON array, newest first. */
  examples: string;
}

/** A stage that failed for good, by the group of its last error. */
export interface StageFailureTable {
  stage_id: number;
  application_id: number;
  fingerprint: string;
}

/** A deployment. */
export interface MarkTable {
  id: number;
  application_id: number;
  marked_at: Ms;
  version: string;
  title: string | null;
  link: string | null;
  environment: string | null;
  created_by: string;
  /** Name of the pipelines that it is about; null for all. */
  pipeline: string | null;
  idempotency_key: string | null;
}

export type StatDeltaRow = StatDeltaTable;
export type StatSeriesRow = StatSeriesTable;
export type StatPageRow = StatPageTable;
export type ErrorGroupRow = ErrorGroupTable;
export type MarkRow = MarkTable;
export type SeriesNames = Pick<StatSeriesRow, 'application_id' | 'kind' | 'pipeline' | 'stage' | 'handler' | 'unit'>;
export type PageKey = Omit<StatPageRow, 'payload'>;

/** The number of a fold, and what folds last said of how far they reached. */
export interface StatFolds {
  version: number;
  reach: string | undefined;
}

export interface Insights {
  /** Begins a fold and numbers it: another one waits for its end, and readers see that something changed. */
  beginFold(): Promise<StatFolds>;
  /** @param reach - text for readers, about the folds up to this one */
  endFold(reach: string): Promise<void>;
  appendStats(payload: Uint8Array, failures: string | null, now: Ms): Promise<void>;
  /** Removes and gives the oldest deltas; on stores with several writers, of those that no other takes. */
  takeStats(limit: number): Promise<StatDeltaRow[]>;
  seriesByNames(names: readonly SeriesNames[]): Promise<StatSeriesRow[]>;
  countSeries(applicationIds: number[]): Promise<{ application_id: number; kind: number; count: number }[]>;
  insertSeries(rows: StatSeriesRow[]): Promise<void>;
  touchSeries(ids: number[], at: Ms): Promise<void>;
  pages(keys: readonly PageKey[]): Promise<StatPageRow[]>;
  putPages(rows: readonly StatPageRow[]): Promise<void>;
  errorGroups(keys: readonly Pick<ErrorGroupRow, 'application_id' | 'fingerprint'>[]): Promise<ErrorGroupRow[]>;
  putErrorGroups(rows: readonly ErrorGroupRow[]): Promise<void>;
  /** Removes those of an application that were seen least recently until it has `keep`, at most `limit`. */
  trimErrorGroups(applicationId: number, keep: number, limit: number): Promise<void>;
  /** Of stages that fail for good; a later failure of a stage takes the place of an earlier one. */
  putStageFailures(rows: readonly StageFailureTable[]): Promise<void>;
  /** Of these stages, those whose last failure is of this group. */
  failedAlike(applicationId: number, fingerprint: string, stages: IdRange): Promise<number[]>;
  /** False when there is one with its idempotency key. */
  insertMark(row: MarkRow): Promise<boolean>;
  markByKey(applicationId: number, key: string): Promise<MarkRow | undefined>;
  pipelineNames(ids: number[]): Promise<Pick<PipelineRow, 'id' | 'name' | 'trace_id' | 'trace_flags'>[]>;
  /** Removes up to `limit` pages of this resolution that began before `before`. */
  prunePages(resolutionMs: Ms, before: Ms, limit: number): Promise<number>;
  /** Removes series, groups of errors and marks that were last seen before `before`, up to `limit` of each. */
  pruneInsights(before: Ms, limit: number): Promise<number>;
}

export interface PageQuery {
  applicationId: number;
  resolutionMs: Ms;
  /** Periods that begin from `from` (inclusive) to `to` (exclusive). */
  from: Ms;
  to: Ms;
  /** All when absent. */
  slots?: number[] | undefined;
  after?: { period: Ms; slot: number } | undefined;
  limit: number;
}

/** Marks of this time (`to` exclusive), by default all; with `pipeline` those that are about such pipelines. */
export interface MarkQuery {
  from?: Ms | undefined;
  to?: Ms | undefined;
  pipeline?: string | undefined;
  after?: { at: Ms; id: number } | undefined;
  limit: number;
}

export interface InsightReads {
  /** The last fold of deltas and the oldest deltas that it left, as of one moment. */
  statState(limit: number): Promise<StatFolds & { deltas: Omit<StatDeltaRow, 'failures'>[] }>;
  statDeltas(page: { after: number; limit: number }): Promise<Omit<StatDeltaRow, 'failures'>[]>;
  series(applicationId: number): Promise<StatSeriesRow[]>;
  statPages(query: PageQuery): Promise<Pick<StatPageRow, 'period' | 'slot' | 'payload'>[]>;
  /** Most recent first. */
  recentErrors(
    applicationId: number,
    filter: { since: Ms; handler?: string | undefined },
    page: ReadPage,
  ): Promise<ErrorGroupRow[]>;
  errorGroup(applicationId: number, fingerprint: string): Promise<ErrorGroupRow | undefined>;
  mark(applicationId: number, id: number): Promise<MarkRow | undefined>;
  /** Latest first. */
  marks(applicationId: number, query: MarkQuery): Promise<MarkRow[]>;
}
