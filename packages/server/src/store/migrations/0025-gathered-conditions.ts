import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Conditions keep whether they have an incident of their own. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .alterTable('alert_condition')
    .addColumn('gathered', int64, (c) => c.notNull().defaultTo(0).check(sql`gathered = 0 or gathered = 1`))
    .execute();
}
