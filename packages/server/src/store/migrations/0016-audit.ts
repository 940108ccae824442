import { type Kysely, sql } from 'kysely';

/** Which request an entry came from, what it has to do with, and how it ended; null: it was done. */
export async function up(db: Kysely<never>): Promise<void> {
  for (const column of ['request_id', 'compliance_id', 'result']) {
    await sql`alter table audit_event add column ${sql.id(column)} text`.execute(db);
  }
}
