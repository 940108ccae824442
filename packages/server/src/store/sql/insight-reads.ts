import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { InsightReads, PageQuery } from '../insight-rows.js';
import type { Schema } from '../schema.js';
import { Statements, statement } from '../statement.js';
import type { MarkRow, StatDeltaRow, StatPageRow } from '../store.js';
import { STAT_REACH, STAT_VERSION } from './insights.js';

const VERSION_ID = -1;
const REACH_ID = -2;

type Pages = { application: number; resolution: number; from: number; to: number; period: number; slot: number; limit: number };

/** In the order of the primary key. */
const pages = statement<Pages, Pick<StatPageRow, 'period' | 'slot' | 'payload'>>(
  ({ slot }) => sql`
    select period, slot, payload from stat_page
    where application_id = ${slot('application', 'int')} and resolution_ms = ${slot('resolution', 'int')}
      and period >= ${slot('from', 'int')} and period < ${slot('to', 'int')}
      and (period, slot) > (${slot('period', 'int')}, ${slot('slot', 'int')})
    order by period, slot limit ${slot('limit', 'int')}`,
);

const pagesOfSlots = statement<Pages & { ids: number[] }, Pick<StatPageRow, 'period' | 'slot' | 'payload'>>(
  ({ slot, idsIn }) => sql`
    select period, slot, payload from stat_page
    where application_id = ${slot('application', 'int')} and resolution_ms = ${slot('resolution', 'int')}
      and period >= ${slot('from', 'int')} and period < ${slot('to', 'int')} and slot ${idsIn('ids')}
      and (period, slot) > (${slot('period', 'int')}, ${slot('slot', 'int')})
    order by period, slot limit ${slot('limit', 'int')}`,
);

type Delta = Omit<StatDeltaRow, 'failures'>;

/** One statement sees one moment: a fold that ends between two would be seen in part. Of the folds' rows the id says which they are. */
const state = statement<{ limit: number; version: string; reach: string }, Delta & { value: string | null }>(
  ({ slot }) => sql`
    select id, written_at, payload, cast(null as text) as value
      from (select id, written_at, payload from stat_delta order by id limit ${slot('limit', 'int')}) as d
    union all
    select case when key = ${slot('version')} then ${sql.lit(VERSION_ID)} else ${sql.lit(REACH_ID)} end, 0, null, value
      from server_state where key in (${slot('version')}, ${slot('reach')})`,
);

type Marks = { application: number; from: number; to: number; pipeline: string | null; at: number; id: number; limit: number };

const marks = statement<Marks, MarkRow>(
  ({ slot }) => sql`
    select * from mark
    where application_id = ${slot('application', 'int')} and marked_at >= ${slot('from', 'int')} and marked_at < ${slot('to', 'int')}
      and (${slot('pipeline', 'text')} is null or pipeline = ${slot('pipeline', 'text')} or pipeline is null)
      and (marked_at, id) < (${slot('at', 'int')}, ${slot('id', 'int')})
    order by marked_at desc, id desc limit ${slot('limit', 'int')}`,
);

export function insightReads(db: Kysely<Schema>, can: Capabilities): InsightReads {
  const statements = new Statements(db, can);
  return {
    async statState(limit) {
      const rows = await statements.run(db, state, { limit, version: STAT_VERSION, reach: STAT_REACH });
      const textOf = (id: number): string | undefined => rows.find((row) => row.id === id)?.value ?? undefined;
      const deltas = rows.filter(({ id }) => id > 0).sort((one, other) => one.id - other.id);
      return { version: Number(textOf(VERSION_ID) ?? 0), reach: textOf(REACH_ID), deltas };
    },
    statDeltas: ({ after, limit }) =>
      db
        .selectFrom('stat_delta')
        .select(['id', 'written_at', 'payload'])
        .where('id', '>', after)
        .orderBy('id')
        .limit(limit)
        .execute(),
    series: (applicationId) =>
      db.selectFrom('stat_series').selectAll().where('application_id', '=', applicationId).orderBy('id').execute(),
    statPages({ applicationId, resolutionMs, from, to, slots, after, limit }: PageQuery) {
      const { period, slot } = after ?? { period: from, slot: -1 };
      const args = { application: applicationId, resolution: resolutionMs, from, to, period, slot, limit };
      return slots ? statements.run(db, pagesOfSlots, { ...args, ids: slots }) : statements.run(db, pages, args);
    },
    recentErrors(applicationId, { since, handler }, { limit, after }) {
      let query = db
        .selectFrom('error_group')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('last_seen_at', '>=', since);
      if (handler !== undefined) query = query.where('handler', '=', handler);
      return query
        .orderBy('last_seen_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .offset(after ?? 0)
        .execute();
    },
    errorGroup: (applicationId, fingerprint) =>
      db
        .selectFrom('error_group')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('fingerprint', '=', fingerprint)
        .executeTakeFirst(),
    mark: (applicationId, id) =>
      db.selectFrom('mark').selectAll().where('application_id', '=', applicationId).where('id', '=', id).executeTakeFirst(),
    marks(applicationId, { from = 0, to = Number.MAX_SAFE_INTEGER, pipeline = null, after, limit }) {
      const { at, id } = after ?? { at: Number.MAX_SAFE_INTEGER, id: 0 };
      return statements.run(db, marks, { application: applicationId, from, to, pipeline, at, id, limit });
    },
  };
}
