import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Which pipelines a mark is about, and the key that makes repeating it harmless. */
export async function up(db: Kysely<never>, { ordered }: Capabilities): Promise<void> {
  await db.schema
    .alterTable('mark')
    .addColumn('pipeline', ordered as never)
    .execute();
  await db.schema
    .alterTable('mark')
    .addColumn('idempotency_key', ordered as never)
    .execute();
  await sql`create unique index mark_key on mark (application_id, idempotency_key)`.execute(db); // no two NULLs are the same
}
