import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';
import type { OperateReads } from '../store.js';

export const operateReads = (db: Kysely<Schema>): OperateReads => ({
  bulkAction(applicationId, id) {
    return db
      .selectFrom('bulk_action')
      .selectAll()
      .where('application_id', '=', applicationId)
      .where('id', '=', id)
      .executeTakeFirst();
  },
  firstOpenBulkAction() {
    return db.selectFrom('bulk_action').selectAll().where('finished_at', 'is', null).orderBy('id').limit(1).executeTakeFirst();
  },
  auditEvents(applicationId, page) {
    let query = db.selectFrom('audit_event').selectAll();
    if (applicationId !== undefined) query = query.where('application_id', '=', applicationId);
    if (page.after !== undefined) query = query.where('id', '<', page.after);
    return query.orderBy('id', 'desc').limit(page.limit).execute();
  },
});
