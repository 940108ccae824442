import type { SqlContext } from '../sql-context.js';
import type { Operate } from '../store.js';

/** Rare enough to be compiled at every call. */
export const operateOf = ({ db, can }: SqlContext): Operate => ({
  async insertAuditEvent(row) {
    await db.insertInto('audit_event').values(row).execute();
  },
  async insertBulkAction(row) {
    await db.insertInto('bulk_action').values(row).execute();
  },
  openBulkAction(id) {
    const query = db.selectFrom('bulk_action').selectAll().where('id', '=', id).where('finished_at', 'is', null);
    return (can.rowLocks ? query.forUpdate() : query).executeTakeFirst();
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
