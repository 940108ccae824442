import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/**
 * The log of events. Where commits overlap its order is that of transactions, not of ids: an id is taken before the commit, so that
 * a reader that has passed it might never see the row.
 */
export async function up(db: Kysely<never>, { int64, transactionIds }: Capabilities): Promise<void> {
  if (!transactionIds) {
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
