import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** The log of events is in the order of its ids: they are given out under a lock that is held until the commit. An older server still finds its `xid`. */
export async function up(db: Kysely<never>, { overlappingCommits }: Capabilities): Promise<void> {
  if (!overlappingCommits) return;
  await sql`
    alter table event drop constraint event_key, add constraint event_key primary key (id),
      alter column xid set default pg_current_xact_id()`.execute(db);
}
