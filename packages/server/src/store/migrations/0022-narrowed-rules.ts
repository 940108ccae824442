import type { Kysely } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Rules whose open incidents are looked through, because they match less than before. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .createTable('alert_rule_narrowed')
    .addColumn('rule_id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('below', int64, (c) => c.notNull())
    .execute();
}
