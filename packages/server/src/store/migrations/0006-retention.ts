import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** What pruning has begun and not finished, and a way to find the spans of a pipeline that wait for export. */
export async function up(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .createTable('pruned_pipeline')
    .addColumn('id', int64, (c) => c.primaryKey())
    .execute();
  await sql`create index span_export_pipeline on span_export (pipeline_id)`.execute(db);
}
