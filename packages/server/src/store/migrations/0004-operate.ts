import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** The audit trail, actions on many pipelines, and the keys under which stages were appended. */
export async function up(db: Kysely<never>, { int64, ordered, sequences }: Capabilities): Promise<void> {
  if (sequences) {
    for (const name of ['audit_event', 'bulk_action']) await sql`create sequence ${sql.id(`${name}_id`)} as bigint`.execute(db);
  }
  await db.schema
    .createTable('audit_event')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('occurred_at', int64, (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target_type', 'text', (c) => c.notNull())
    .addColumn('target_id', 'text', (c) => c.notNull())
    .addColumn('details', 'text')
    .execute();
  await sql`create index audit_event_application on audit_event (application_id, id)`.execute(db);
  await db.schema
    .createTable('bulk_action')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('request', 'text', (c) => c.notNull())
    .addColumn('next_before', int64, (c) => c.notNull())
    .addColumn('matched', int64, (c) => c.notNull())
    .addColumn('done', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('refused', int64, (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('finished_at', int64)
    .execute();
  await sql`create index bulk_action_open on bulk_action (id) where finished_at is null`.execute(db);
  await db.schema
    .createTable('stage_append')
    .addColumn('pipeline_id', int64, (c) => c.notNull())
    .addColumn('idempotency_key', ordered as never, (c) => c.notNull())
    .addColumn('body_hash', 'text', (c) => c.notNull())
    .addColumn('stages', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('stage_append_key', ['pipeline_id', 'idempotency_key'])
    .execute();
}
