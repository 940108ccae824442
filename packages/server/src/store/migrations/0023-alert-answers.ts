import type { Kysely } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Messages keep which receivers of a mail have it, and how many tries nobody wrote the end of. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .alterTable('alert_delivery')
    .addColumn('unheard', int64, (c) => c.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('alert_delivery').addColumn('reached', 'text').execute();
}
