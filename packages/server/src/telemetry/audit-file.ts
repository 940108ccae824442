import { escapeControls, redactSecrets } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { DailyFile } from './daily-file.js';
import type { Logger } from './logging.js';

/** An entry of the audit trail as it is stored. */
export interface AuditEntry {
  id: number;
  application_id: number;
  /** Epoch milliseconds. */
  occurred_at: number;
  actor: string;
  actor_name: string | null;
  /** As `pipeline.cancel`. */
  action: string;
  target_type: string;
  target_id: string;
  /** JSON object. */
  details: string | null;
  request_id: string | null;
  compliance_id: string | null;
  result: string | null;
}

const DAY_MS = 86_400_000;

/**
 * A second copy of the audit trail, out of reach of whoever can write the database: one JSON line an entry, in a file for each day.
 * Written after the commit: what a crash in between keeps from the file stands in the database.
 */
export function openAuditFile(
  { auditFile: path, auditRetentionMs }: { auditFile?: string; auditRetentionMs: number },
  { clock, log }: { clock: Pick<Clock, 'now'>; log: Pick<Logger, 'error'> },
): { write(entries: readonly AuditEntry[]): void; prune(): void; close(): void } {
  if (path === undefined) return { write: () => {}, prune: () => {}, close: () => {} };
  const keepDays = Math.ceil(auditRetentionMs / DAY_MS);
  const onError = (err: unknown): void => log.error({ err, category: 'security' }, 'the audit file cannot be written');
  const file = new DailyFile({ path, keepDays, now: () => clock.now(), onError });
  return {
    write(entries) {
      for (const entry of entries) file.write(`${lineOf(entry)}\n`);
    },
    prune: () => file.prune(),
    close: () => file.close(),
  };
}

function lineOf(entry: AuditEntry): string {
  const line = {
    timestamp: new Date(entry.occurred_at).toISOString(),
    level: entry.result === 'refused' ? 'warn' : 'info',
    service: 'pipelogiq',
    category: 'security',
    event_type: entry.action.split('.')[0],
    actor: entry.actor,
    ...(entry.actor_name !== null && { actor_name: entry.actor_name }),
    action: entry.action,
    resource: `${entry.target_type}:${entry.target_id}`,
    result: entry.result ?? 'success',
    correlation_id: entry.request_id,
    compliance_id: entry.compliance_id,
    application_id: String(entry.application_id),
    audit_event_id: String(entry.id),
    details: entry.details === null ? {} : (JSON.parse(entry.details) as object),
  };
  return escapeControls(redactSecrets(JSON.stringify(line)));
}
