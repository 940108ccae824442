import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import type { Operate } from '../store.js';
import { matchingPipelines } from './pipeline-filter.js';
import { NOTHING_RARE } from './pipeline-search.js';

/** Rows of one insert: each brings eleven arguments, and SQLite takes 32,766. */
const ENTRIES = 500;

/** Rare enough to be compiled at every call. */
export const operateOf = ({ db, can }: SqlContext): Operate => ({
  async insertAuditEvents(rows) {
    for (let from = 0; from < rows.length; from += ENTRIES) {
      await db
        .insertInto('audit_event')
        .values(rows.slice(from, from + ENTRIES))
        .execute();
    }
  },
  async insertBulkAction(row) {
    await db.insertInto('bulk_action').values(row).execute();
  },
  openBulkAction(id) {
    const query = db.selectFrom('bulk_action').selectAll().where('id', '=', id).where('finished_at', 'is', null);
    return (can.rowLocks ? query.forUpdate() : query).executeTakeFirst();
  },
  async stillMatching(match, ids) {
    const rows = await matchingPipelines(db, can, match, NOTHING_RARE)
      .clearSelect()
      .select('p.id')
      .where(sql<boolean>`p.id ${can.anyOf(sql`${can.array(ids)}`)}`)
      .orderBy('p.id', 'desc')
      .execute();
    return rows.map((row) => row.id);
  },
  async updateBulkAction(id, change) {
    await db.updateTable('bulk_action').set(change).where('id', '=', id).execute();
  },
  stageAppend(pipelineId, key) {
    return db
      .selectFrom('stage_append')
      .selectAll()
      .where('pipeline_id', '=', pipelineId)
      .where('idempotency_key', '=', key)
      .executeTakeFirst();
  },
  async insertStageAppend(row) {
    await db.insertInto('stage_append').values(row).execute();
  },
});
