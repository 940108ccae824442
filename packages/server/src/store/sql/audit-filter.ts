import type { AuditFilter } from '@pipelogiq/protocol';
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { AuditEventRow } from '../operate-rows.js';
import type { Schema } from '../schema.js';

/** Entries of the audit trail that are asked for, of any application. */
export function matchingEntries(
  db: Kysely<Schema>,
  can: Capabilities,
  filter: AuditFilter,
): SelectQueryBuilder<Schema, 'audit_event', AuditEventRow> {
  const { kind, action, actor, actorName, targetType, targetId, result, application, from, to } = filter;
  const byBytes = can.byBytes(sql.ref('action'));
  let query = db.selectFrom('audit_event').selectAll();
  if (action !== undefined) query = query.where(byBytes, '=', action);
  // All that begins with "kind.": "/" is the character behind ".".
  if (kind !== undefined) query = query.where(byBytes, '>=', `${kind}.`).where(byBytes, '<', `${kind}/`);
  if (actor !== undefined) query = query.where('actor', '=', actor);
  if (actorName !== undefined) query = query.where('actor_name', '=', actorName);
  if (targetType !== undefined) query = query.where('target_type', '=', targetType);
  if (targetId !== undefined) query = query.where('target_id', '=', targetId);
  if (result !== undefined) query = query.where('result', result === 'refused' ? 'is not' : 'is', null);
  if (application !== undefined) {
    query = query.where('application_id', '=', (eb) => eb.selectFrom('application').select('id').where('name', '=', application));
  }
  if (from !== undefined) query = query.where('occurred_at', '>=', Date.parse(from));
  if (to !== undefined) query = query.where('occurred_at', '<', Date.parse(to));
  return query;
}
