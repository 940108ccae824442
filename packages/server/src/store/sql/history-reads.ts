import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from '../schema.js';
import type { HistoryReads, PastAttempt, PastLog } from '../store.js';

/** Of the stages that had an id one after the other, the first whose last token is not below the delivery's is the one it was of. */
const removedName = (of: string): RawBuilder<string | null> => sql`(
  select r.name from removed_stage r
  where r.stage_id = ${sql.ref(`${of}.stage_id`)} and r.fencing_token >= ${sql.ref(`${of}.fencing_token`)}
  order by r.fencing_token limit 1)`;

const isRemoved = sql`case when removed_name is null then 0 else 1 end`;

export const historyReads = (db: Kysely<Schema>): HistoryReads => ({
  async attempts({ from, to }, page) {
    const archived = sql`
      select a.stage_id, a.fencing_token, a.span_id, a.worker_id, a.outcome, a.error_code, a.error, a.ready_at, a.leased_at,
        a.settled_at, ${removedName('a')} as removed_name
      from stage_attempt a where a.stage_id >= ${from} and a.stage_id < ${to}`;
    const latest = sql`
      select id, fencing_token, span_id, worker_id, outcome, error_code, error, delivery_ready_at, leased_at, settled_at, null
      from stage where id >= ${from} and id < ${to} and fencing_token > 0
        and (outcome is not null or status = 'running')`;
    const { rows } = await sql<PastAttempt>`
      select attempt.stage_id, attempt.fencing_token, attempt.span_id, attempt.worker_id, attempt.outcome, attempt.error_code,
        attempt.error, attempt.ready_at, attempt.leased_at, attempt.settled_at, coalesce(removed_name, s.name) as stage,
        ${isRemoved} as is_removed
      from (${archived} union all ${latest}) as attempt
      left join stage s on s.id = attempt.stage_id
      order by attempt.leased_at, attempt.stage_id, attempt.fencing_token
      limit ${page.limit} offset ${page.after ?? 0}`.execute(db);
    return rows;
  },
  async logs(pipelineId, page) {
    const { rows } = await sql<PastLog>`
      select line.*, coalesce(removed_name, s.name) as stage, ${isRemoved} as is_removed
      from (
        select l.*, ${removedName('l')} as removed_name from stage_log l
        where l.pipeline_id = ${pipelineId} and l.id > ${page.after ?? 0}
        order by l.id limit ${page.limit}) as line
      left join stage s on s.id = line.stage_id
      order by line.id`.execute(db);
    return rows;
  },
  stepLines: (pipelineId, limit) =>
    db
      .selectFrom('stage_log')
      .select(['stage_id', 'fencing_token', 'message', 'fields', 'logged_at'])
      .where('pipeline_id', '=', pipelineId)
      .where('message', 'in', ['step_completed', 'step_failed'])
      .orderBy('id')
      .limit(limit)
      .execute(),
});
