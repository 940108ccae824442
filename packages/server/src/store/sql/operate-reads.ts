import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { OperateReads } from '../store.js';
import { matchingEntries } from './audit-filter.js';
import { isPossible } from './bulk-ability.js';
import { filteredPipelines, matchingPipelines, matchingStages, suspectPipelines } from './pipeline-filter.js';
import { NOTHING_RARE, rarityOf } from './pipeline-search.js';

const lastOf = (db: Kysely<Schema>, applicationId: number) =>
  db
    .selectFrom('pipeline')
    .select('id')
    .where('application_id', '=', applicationId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();

export const operateReads = (db: Kysely<Schema>, can: Capabilities): OperateReads => ({
  bulkAction(applicationId, id) {
    return db
      .selectFrom('bulk_action')
      .selectAll()
      .where('application_id', '=', applicationId)
      .where('id', '=', id)
      .executeTakeFirst();
  },
  openBulkActions(limit) {
    return db
      .selectFrom('bulk_action')
      .selectAll()
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('bulk_action as open')
          .select((of) => of.fn.min('open.id').as('id'))
          .where('open.finished_at', 'is', null)
          .groupBy('open.application_id'),
      )
      .orderBy('id')
      .limit(limit)
      .execute();
  },
  async pipelinesToActOn(match, { limit, after }) {
    const rare = await rarityOf(db, can, match.applicationId, match.filter);
    let query = matchingPipelines(db, can, match, rare).clearSelect().select(['p.id', 'p.stages_total']);
    if (after !== undefined) query = query.where('p.id', '<', after);
    return query.orderBy('p.id', 'desc').limit(limit).execute();
  },
  async nextPipelines(applicationId, after, count) {
    const above = db
      .selectFrom('pipeline')
      .select('id')
      .where('application_id', '=', applicationId)
      .where('id', '>', after)
      .orderBy('id');
    const row =
      (await above
        .offset(count - 1)
        .limit(1)
        .executeTakeFirst()) ?? (await lastOf(db, applicationId));
    return row && row.id > after ? { after, upTo: row.id } : undefined;
  },
  async countMatching(match, { after, upTo }, able) {
    const { stages } = match;
    const counted = (condition: RawBuilder<unknown>): RawBuilder<number> =>
      stages
        ? sql<number>`sum((select count(*) ${matchingStages(stages)} and ${condition}))`
        : sql<number>`sum(case when ${condition} then 1 else 0 end)`;
    const row = await suspectPipelines(filteredPipelines(db, can, match.applicationId, match.filter, NOTHING_RARE), match)
      .clearSelect()
      .select([counted(sql`1 = 1`).as('matched'), counted(isPossible(able, stages)).as('possible')])
      .where('p.id', '>', after)
      .where('p.id', '<=', upTo)
      .executeTakeFirstOrThrow();
    return { matched: Number(row.matched ?? 0), possible: Number(row.possible ?? 0) };
  },
  auditEvents(applicationId, filter, page) {
    let query = matchingEntries(db, can, filter);
    if (applicationId !== undefined) query = query.where('application_id', '=', applicationId);
    if (page.after !== undefined) query = query.where('id', '<', page.after);
    return query.orderBy('id', 'desc').limit(page.limit).execute();
  },
});
