import type { AuditFilter, PipelineFilter, PipelineStatus, StageStatus } from '@pipelogiq/protocol';
import type { ReadPage } from './rows.js';

export interface AuditEventTable {
  id: number;
  application_id: number;
  occurred_at: number;
  actor: string;
  /** Of a user. */
  actor_name: string | null;
  action: string;
  target_type: string;
  target_id: string;
  /** JSON object. */
  details: string | null;
  request_id: string | null;
  compliance_id: string | null;
  /** Null: it was done. */
  result: 'refused' | null;
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
  /** Of the call that asked for it. */
  request_id: string | null;
  compliance_id: string | null;
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
  /** Of their last failure. */
  fingerprint?: string | undefined;
  /** Ids of stages between one pipeline and the next (domain/ids.ts). */
  positions: number;
}

/** Which pipelines an action is for; with `stages`, those that have such a stage. */
export interface BulkMatch {
  applicationId: number;
  filter: PipelineFilter;
  stages?: StageMatch | undefined;
}

/** What an action can change: pipelines in one of these states, such that a rerun finds something in, or stages that can run again. */
export type Ability =
  | { kind: 'statuses'; statuses: readonly PipelineStatus[] }
  | { kind: 'rerun_failed' }
  | { kind: 'rerun_stages'; following: boolean }
  | { kind: 'any' };

/** Ids above `after`, up to and with `upTo`. */
export interface IdWindow {
  after: number;
  upTo: number;
}

/** What operators did and are doing. */
export interface Operate {
  insertAuditEvents(rows: AuditEventRow[]): Promise<void>;
  insertBulkAction(row: BulkActionRow): Promise<void>;
  /** Undefined when it has finished; locked on stores with several writers. */
  openBulkAction(id: number): Promise<BulkActionRow | undefined>;
  /** Those of these pipelines that match now, by descending id. */
  stillMatching(match: BulkMatch, ids: number[]): Promise<number[]>;
  updateBulkAction(id: number, change: Partial<BulkActionRow>): Promise<void>;
  stageAppend(pipelineId: number, key: string): Promise<StageAppendRow | undefined>;
  insertStageAppend(row: StageAppendRow): Promise<void>;
}

export interface OperateReads {
  bulkAction(applicationId: number, id: number): Promise<BulkActionRow | undefined>;
  /** The oldest open action of each application, by id. */
  openBulkActions(limit: number): Promise<BulkActionRow[]>;
  /** By descending id, from below `after`. */
  pipelinesToActOn(match: BulkMatch, page: ReadPage): Promise<{ id: number; stages_total: number }[]>;
  /** The next so many pipelines of the application above `after`, whatever they are; undefined when there are none. */
  nextPipelines(applicationId: number, after: number, count: number): Promise<IdWindow | undefined>;
  /** Pipelines that match in this window, or when stages are asked for, such stages of theirs; and how many of them the action can change. */
  countMatching(match: BulkMatch, window: IdWindow, able: Ability): Promise<{ matched: number; possible: number }>;
  /** Of one application, or of all; newest first. */
  auditEvents(applicationId: number | undefined, filter: AuditFilter, page: ReadPage): Promise<AuditEventRow[]>;
}
