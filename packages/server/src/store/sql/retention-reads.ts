import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import type { RetentionReads } from '../store.js';

export const retentionReads = (db: Kysely<Schema>): RetentionReads => ({
  pipelinesAfter(id, limit) {
    const exports = sql<
      0 | 1
    >`case when exists (select 1 from span_export x where x.pipeline_id = pipeline.id) then 1 else 0 end`;
    return db
      .selectFrom('pipeline')
      .select(['id', 'created_at', 'finished_at', 'stages_total', exports.as('exports')])
      .where('id', '>', id)
      .orderBy('id')
      .limit(limit)
      .execute();
  },
  stageLogsAfter(id, limit) {
    return db
      .selectFrom('stage_log')
      .select(['id', 'level', 'logged_at'])
      .where('id', '>', id)
      .orderBy('id')
      .limit(limit)
      .execute();
  },
  async hasRemains() {
    return (await db.selectFrom('pruned_pipeline').select('id').limit(1).executeTakeFirst()) !== undefined;
  },
});
