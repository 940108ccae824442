import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/**
 * Tables whose rows change all the time: room on their pages, so that a change that touches no index stays on its page, and a
 * vacuum after a few per cent of the rows instead of a fifth; what a claim reads must not fill with the dead.
 */
export async function up(db: Kysely<never>, can: Capabilities): Promise<void> {
  if (!can.storageParameters) return;
  const busy = sql`autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 2000`;
  for (const table of ['stage', 'pipeline']) {
    await sql`alter table ${sql.table(table)} set (fillfactor = 85, ${busy})`.execute(db);
  }
  for (const table of ['worker', 'worker_pull', 'server_state', 'leader']) {
    await sql`alter table ${sql.table(table)} set (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)`.execute(db);
  }
}
