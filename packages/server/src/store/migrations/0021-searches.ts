import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Indexes of what people look for. */
export async function up(db: Kysely<never>, can: Capabilities): Promise<void> {
  // Only the begin of a value: they reach 256 KiB, and PostgreSQL refuses index entries of more than a third of a page. Sensitive ones are not in it.
  await sql`create index context_item_value on context_item (key, substr(value, 1, 64), pipeline_id) where sensitive = 0`.execute(
    db,
  );
  await sql`create index audit_event_actor on audit_event (actor, id)`.execute(db);
  await sql`create index audit_event_actor_name on audit_event (actor_name, id) where actor_name is not null`.execute(db);
  await sql`create index audit_event_target on audit_event (target_type, target_id, id)`.execute(db);
  // By bytes, so that all actions of one kind, as \`pipeline.…\`, stand together.
  await sql`create index audit_event_action on audit_event (${can.byBytes(sql`action`)}, id)`.execute(db);
  await sql`create index audit_event_time on audit_event (occurred_at)`.execute(db);
}
