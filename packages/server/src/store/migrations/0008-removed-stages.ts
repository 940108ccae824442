import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/**
 * Stages that a rerun took away: the names behind their attempts and log lines, and the ids that may be given out again. Deliveries
 * of an id up to `fencing_token` are theirs, those above it of a stage that came after.
 */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .createTable('removed_stage')
    .addColumn('stage_id', int64, (c) => c.notNull())
    .addColumn('fencing_token', int64, (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('removed_at', int64, (c) => c.notNull())
    .addColumn('is_free', int64, (c) => c.notNull().check(sql`is_free = 0 or is_free = 1`))
    .addPrimaryKeyConstraint('removed_stage_key', ['stage_id', 'fencing_token'])
    .execute();
  await sql`create index removed_stage_free on removed_stage (stage_id) where is_free = 1`.execute(db);
}
