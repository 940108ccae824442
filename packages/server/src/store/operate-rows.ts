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
