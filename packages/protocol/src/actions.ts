import type { PipelineFilter, StageSpec } from './pipelines.js';
import type { StageStatus } from './states.js';

/** `POST /stages/{id}/rerun` */
export interface RerunStage {
  /**
   * Also everything that depends on it, directly or not; deliveries under way there end as superseded. Default false: it alone, which
   * is refused while it, or a stage that depends on it directly, is `running` or `waiting`.
   */
  following?: boolean;
}

/** `POST /pipelines/{id}/rerun` */
export interface RerunPipeline {
  /** `failed` (default): what failed or was cancelled, and what it blocked. `start`: every stage of a pipeline that has ended. */
  from?: 'start' | 'failed';
}

/** `POST /pipelines/{id}/stages`: adds stages to a pipeline that has not ended. */
export interface AppendStages {
  /** As at creation; `dependsOn` may name stages that exist. The first starts at once when it names none. */
  stages: StageSpec[];
  /** The same key and stages again give the first answer; the same key with other stages is refused. */
  idempotencyKey?: string;
}

/** The new stages, in the order given. */
export interface StagesAppended {
  stages: { id: string; name: string }[];
  created: boolean;
}

export const BULK_ACTIONS = ['cancel', 'pause', 'resume', 'rerun', 'skip_stages', 'rerun_stages'] as const;
export type BulkActionKind = (typeof BULK_ACTIONS)[number];

/** Which pipelines, as in `GET /pipelines`. At least one field, unless stages are asked for by fingerprint. */
export type BulkFilter = Omit<PipelineFilter, 'application' | 'limit' | 'cursor'>;

/** Which stages of the pipelines that match. */
export interface BulkStages {
  /** Default `failed`. */
  status?: StageStatus;
  name?: string;
  handler?: string;
  /** Those whose last failure is of this group of errors (`GET /observability/errors`); `filter` may then be empty. */
  fingerprint?: string;
}

/** `POST /pipelines/actions` */
export interface CreateBulkAction {
  action: BulkActionKind;
  filter: BulkFilter;
  /** Only counts what matches; nothing changes. Default false. */
  dryRun?: boolean;
  /** Of a rerun; default `failed`. */
  rerunFrom?: 'start' | 'failed';
  /** Of a cancel. */
  reason?: string;
  /** Of `skip_stages` and `rerun_stages`; by default every stage that failed. */
  stages?: BulkStages;
  /** Of `rerun_stages`: with everything that depends on them. Default false: they alone. */
  following?: boolean;
}

/** `POST /observability/errors/{fingerprint}/replay`: runs the stages again that failed so for good. */
export interface ReplayErrors {
  /** Only counts. Default false. */
  dryRun?: boolean;
  /** With everything that depends on them. Default false: they alone, and what they had blocked follows. */
  following?: boolean;
  /** Of these pipelines alone. */
  filter?: BulkFilter;
}

/** An action on many pipelines. It covers those that existed when it was made, in small chunks behind other work. */
export interface BulkAction {
  /** Absent for a dry run. */
  id?: string;
  action: BulkActionKind;
  filter: BulkFilter;
  /** Of `skip_stages` and `rerun_stages`. */
  stages?: BulkStages;
  /** `failed`: it ended early, for the server failed on too many pipelines. */
  status: 'dry_run' | 'running' | 'completed' | 'failed';
  /** What `matched`, `done` and `refused` count. */
  unit: 'pipelines' | 'stages';
  /** How many matched when it was made, and any that have come to match since, until it was their turn. */
  matched: number;
  /**
   * Of a dry run: how many of them the action would change, as they are now. For `rerun_stages` a close estimate, for what one rerun makes
   * possible or impossible for the next is known only in their turn.
   */
  possible?: number;
  /** Changed so far; never more than `matched`. */
  done: number;
  /** Left as they are, for their state does not allow the action. */
  refused: number;
  /** Pipelines passed over, for the server failed on them several times. */
  failed: number;
  /** What the last of these failed with. */
  lastError?: string;
  createdAt: string;
  finishedAt?: string;
}

/** Who did what, written in the transaction that did it. */
export interface AuditEvent {
  id: string;
  /** RFC 3339. */
  at: string;
  /** `key:<id>` of the API key, `user:<id>`, or `local` for the server's own process. */
  actor: string;
  /** Name of the user, as it was then. */
  actorName?: string;
  /** As `pipeline.cancel`, `stage.rerun`, `worker.drain`, `api_key.create`. */
  action: string;
  target: { type: string; id: string };
  /** `refused`: the caller was not let in. */
  result: 'success' | 'refused';
  /** The `x-request-id` of the call that did it. */
  requestId?: string;
  /** What the caller gave as `x-compliance-id`. */
  complianceId?: string;
  /** The request, without secrets. */
  details?: { [name: string]: string | number | boolean };
}

/** Which entries of the audit trail; all that is given must fit. */
export interface AuditFilter {
  /** What comes before the dot of an action: `pipeline`, `api_key`, `alert_rule`. */
  kind?: string;
  /** As `pipeline.cancel`. */
  action?: string;
  /** As `user:1`, `key:7`, `local`. */
  actor?: string;
  /** Name of a user, as it was then. */
  actorName?: string;
  targetType?: string;
  targetId?: string;
  result?: 'success' | 'refused';
  /** Name of an application; for admins of all. */
  application?: string;
  /** RFC 3339; at or after. */
  from?: string;
  /** RFC 3339; before. */
  to?: string;
  limit?: number;
  cursor?: string;
}
