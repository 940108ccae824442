import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import { rowsStatement, Statements } from '../statement.js';
import type { EndedPipeline, PeerReads, ReadyWork } from '../store.js';

/** A pull that is woken claims for itself: more than this need not be counted. */
const COUNTED = 100;

/** Literals in the status: the partial index serves only those. */
const readyAmong = rowsStatement<Omit<ReadyWork, 'count'>, { limit: number }, ReadyWork>(
  { applicationId: 'int', handler: 'text' },
  (rows, { slot }) => sql`
    with work(application_id, handler) as (${rows})
    select work.application_id as "applicationId", work.handler, (
      select count(*) from (
        select 1 from stage s
        where s.application_id = work.application_id and s.handler = work.handler and s.status = 'pending' and s.held = 0
        limit ${slot('limit', 'int')}) as ready) as count
    from work`,
);

/** What one of several servers on a database looks for: work and ends that others committed. */
export function peerReads(db: Kysely<Schema>, can: Capabilities): PeerReads {
  const statements = new Statements(db, can);
  return {
    async readyAmong(awaited: readonly ReadyWork[]): Promise<ReadyWork[]> {
      if (awaited.length === 0) return [];
      const most = Math.max(...awaited.map(({ count }) => count));
      const rows = await statements.runRows(db, readyAmong, awaited, { limit: Math.min(most, COUNTED) });
      return rows.filter(({ count }) => count > 0);
    },
    endedAmong: (ids: number[]): Promise<Pick<EndedPipeline, 'id'>[]> =>
      db
        .selectFrom('pipeline')
        .select('id')
        .where(sql<boolean>`id ${can.anyOf(sql`${can.array(ids)}`)}`)
        .where('status', 'in', ['completed', 'failed', 'cancelled'])
        .execute(),
  };
}
