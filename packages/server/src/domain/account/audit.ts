import type { AuditEvent } from '@pipelogiq/protocol';
import type { AuditEventRow } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { Principal } from '../use-cases.js';

export interface Audited {
  /** As `pipeline.cancel`. */
  action: string;
  target: AuditEvent['target'];
  details?: AuditEvent['details'];
}

/** `key:<id>`, or `local` for the server's own process. */
export const actorOf = (caller: Pick<Principal, 'keyId'>): string => (caller.keyId === 'local' ? 'local' : `key:${caller.keyId}`);

interface By {
  applicationId: number;
  actor: string;
}

/** Written in the transaction of what it tells: there is no action without its entry, and no entry without its action. */
export const audit = (group: Group, by: By, entry: Audited): Promise<void> => auditAll(group, by, [entry]);

/** Of whoever called. */
export const auditBy = (group: Group, caller: Pick<Principal, 'keyId' | 'applicationId'>, entry: Audited): Promise<void> =>
  audit(group, { applicationId: caller.applicationId, actor: actorOf(caller) }, entry);

export async function auditAll({ tx, now }: Group, by: By, entries: readonly Audited[]): Promise<void> {
  const ids = await tx.allocateIds('audit_event', entries.length);
  const rows = entries.map(({ action, target, details }, at) => ({
    id: ids[at] as number,
    application_id: by.applicationId,
    occurred_at: now,
    actor: by.actor,
    action,
    target_type: target.type,
    target_id: target.id,
    details: details && Object.keys(details).length > 0 ? JSON.stringify(details) : null,
  }));
  await tx.insertAuditEvents(rows);
}

export const auditEventView = (row: AuditEventRow): AuditEvent => ({
  id: String(row.id),
  at: new Date(row.occurred_at).toISOString(),
  actor: row.actor,
  action: row.action,
  target: { type: row.target_type, id: row.target_id },
  ...(row.details !== null && { details: JSON.parse(row.details) as NonNullable<AuditEvent['details']> }),
});
