import type { AuditEvent } from '@pipelogiq/protocol';
import type { AuditEventRow } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { Principal } from '../use-cases.js';

export interface Audited {
  /** As `pipeline.cancel`. */
  action: string;
  target: AuditEvent['target'];
  details?: AuditEvent['details'];
  /** Default: it was done. */
  result?: 'refused';
}

export const userActor = (id: number): string => `user:${id}`;
export const keyActor = (id: number | string | undefined): string => `key:${id}`;

/** `user:<id>`, `key:<id>`, or `local` for the server's own process. */
export const actorOf = ({ user, keyId }: Pick<Principal, 'keyId' | 'user'>): string => {
  if (user) return userActor(user.id);
  return keyId === 'local' ? 'local' : keyActor(keyId);
};

/** Who did something, and by which request. */
export interface By {
  applicationId: number;
  actor: string;
  /** Of a user. */
  actorName?: string | undefined;
  requestId?: string | undefined;
  complianceId?: string | undefined;
}

type Caller = Pick<Principal, 'keyId' | 'user' | 'applicationId' | 'requestId' | 'complianceId'>;

/** Whoever called, and by which request. */
const byCaller = (caller: Caller): By => ({ ...caller, actor: actorOf(caller), actorName: caller.user?.name });

/** Written in the transaction of what it tells: there is no action without its entry, and no entry without its action. */
export const audit = (group: Group, by: By, entry: Audited): Promise<void> => auditAll(group, by, [entry]);

/** Of whoever called. */
export const auditBy = (group: Group, caller: Caller, entry: Audited): Promise<void> => audit(group, byCaller(caller), entry);

export async function auditAll({ tx, now, effects }: Group, by: By, entries: readonly Audited[]): Promise<void> {
  const ids = await tx.allocateIds('audit_event', entries.length);
  const rows: AuditEventRow[] = entries.map(({ action, target, details, result }, at) => ({
    id: ids[at] as number,
    application_id: by.applicationId,
    occurred_at: now,
    actor: by.actor,
    actor_name: by.actorName ?? null,
    action,
    target_type: target.type,
    target_id: target.id,
    details: details && Object.keys(details).length > 0 ? JSON.stringify(details) : null,
    request_id: by.requestId ?? null,
    compliance_id: by.complianceId ?? null,
    result: result ?? null,
  }));
  await tx.insertAuditEvents(rows);
  for (const row of rows) effects.audited.push(row);
}

export const auditEventView = (row: AuditEventRow): AuditEvent => ({
  id: String(row.id),
  at: new Date(row.occurred_at).toISOString(),
  actor: row.actor,
  ...(row.actor_name !== null && { actorName: row.actor_name }),
  action: row.action,
  target: { type: row.target_type, id: row.target_id },
  result: row.result ?? 'success',
  ...(row.request_id !== null && { requestId: row.request_id }),
  ...(row.compliance_id !== null && { complianceId: row.compliance_id }),
  ...(row.details !== null && { details: JSON.parse(row.details) as NonNullable<AuditEvent['details']> }),
});
