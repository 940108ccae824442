import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** What an action on many pipelines had to give up. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .alterTable('bulk_action')
    .addColumn('failed', int64, (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('bulk_action').addColumn('error', 'text').execute();
  await sql`create index bulk_action_turn on bulk_action (application_id, id) where finished_at is null`.execute(db);
}
