import type { PipelineFilter, StageStatus } from '@pipelogiq/protocol';

export interface AuditEventTable {
  id: number;
  application_id: number;
  occurred_at: number;
  actor: string;
  action: string;
  target_type: string;
  target_id: string;
  /** JSON object. */
  details: string | null;
}

export interface BulkActionTable {
  id: number;
  application_id: number;
  actor: string;
  /** JSON of CreateBulkAction. */
  request: string;
  /** Pipelines are taken by descending id; this one and those above it are dealt with. */
  next_before: number;
  matched: number;
  done: number;
  refused: number;
  /** Pipelines given up, for the server failed on them again and again. */
  failed: number;
  /** What it failed with last. */
  error: string | null;
  created_at: number;
  finished_at: number | null;
}

export interface StageAppendTable {
  pipeline_id: number;
  idempotency_key: string;
  body_hash: string;
  /** JSON array of `{id, name}`. */
  stages: string;
}

export type AuditEventRow = AuditEventTable;
export type BulkActionRow = BulkActionTable;
export type StageAppendRow = StageAppendTable;

/** Which stages of a pipeline. */
export interface StageMatch {
  status: StageStatus;
  name?: string | undefined;
  handler?: string | undefined;
  /** Ids of stages between one pipeline and the next (domain/ids.ts). */
  positions: number;
}

/** Which pipelines an action is for; with `stages`, those that have such a stage. */
export interface BulkMatch {
  applicationId: number;
  filter: PipelineFilter;
  stages?: StageMatch | undefined;
}

/** Ids above `after`, up to and with `upTo`. */
export interface IdWindow {
  after: number;
  upTo: number;
}
