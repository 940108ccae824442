import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/**
 * The log of events. Where commits overlap it was first in the order of transactions; since 0014 it is in the order of ids everywhere.
 */
export async function up(db: Kysely<never>, { int64, overlappingCommits }: Capabilities): Promise<void> {
  if (!overlappingCommits) {
    await db.schema
      .createTable('event')
      .addColumn('id', int64, (c) => c.primaryKey())
      .addColumn('written_at', int64, (c) => c.notNull())
      .addColumn('payload', 'text', (c) => c.notNull())
      .execute();
    return;
  }
  await sql`create sequence event_id as bigint`.execute(db);
  await db.schema
    .createTable('event')
    .addColumn('xid', sql`xid8`, (c) => c.notNull())
    .addColumn('id', int64, (c) => c.notNull())
    .addColumn('written_at', int64, (c) => c.notNull())
    .addColumn('payload', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('event_key', ['xid', 'id'])
    .execute();
}
