import type { Kysely } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** How many jobs a worker takes at a time; null for those that do not say. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema.alterTable('worker').addColumn('concurrency', int64).execute();
}
