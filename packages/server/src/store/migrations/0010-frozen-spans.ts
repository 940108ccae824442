import type { Kysely } from 'kysely';

/** What a queued span tells, kept when a rerun changes the rows that it was to be read from. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('span_export').addColumn('frozen', 'text').execute();
}
