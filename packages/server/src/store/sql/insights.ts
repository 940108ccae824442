import { type Kysely, sql } from 'kysely';
import type { Insights, PageKey, SeriesNames, StatFolds } from '../insight-rows.js';
import type { Schema } from '../schema.js';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, skipLocked, statement } from '../statement.js';
import type { ErrorGroupRow, PipelineRow, StatDeltaRow, StatPageRow, StatSeriesRow } from '../store.js';

const append = statement<{ now: number; payload: Uint8Array; failures: string | null }>(
  ({ slot }) =>
    sql`insert into stat_delta (written_at, payload, failures) values (${slot('now')}, ${slot('payload')}, ${slot('failures')})`,
);

const take = statement<{ limit: number }, StatDeltaRow>(
  ({ slot, can }) => sql`
    delete from stat_delta where id in (select id from stat_delta order by id limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning id, written_at, payload, failures`,
);

const pipelineNames = statement<{ ids: number[] }, Pick<PipelineRow, 'id' | 'name' | 'trace_id' | 'trace_flags'>>(
  ({ idsIn }) => sql`select id, name, trace_id, trace_flags from pipeline where id ${idsIn('ids')}`,
);

const seriesByNames = rowsStatement<SeriesNames & Record<string, unknown>, Record<string, never>, StatSeriesRow>(
  { application_id: 'int', kind: 'int', pipeline: 'text', stage: 'text', handler: 'text', unit: 'text' } as never,
  (rows) => sql`
    with n(application_id, kind, pipeline, stage, handler, unit) as (${rows})
    select s.* from n join stat_series s
      on s.application_id = n.application_id and s.kind = n.kind and s.pipeline = n.pipeline and s.stage = n.stage
        and s.handler = n.handler and s.unit = n.unit`,
);

const pages = rowsStatement<PageKey & Record<string, unknown>, Record<string, never>, StatPageRow>(
  { application_id: 'int', resolution_ms: 'int', period: 'int', slot: 'int' } as never,
  (rows) => sql`
    with k(application_id, resolution_ms, period, slot) as (${rows})
    select p.* from k join stat_page p
      on p.application_id = k.application_id and p.resolution_ms = k.resolution_ms and p.period = k.period and p.slot = k.slot`,
);

const putPage = statement<StatPageRow & Record<string, unknown>>(
  ({ slot }) => sql`
    insert into stat_page (application_id, resolution_ms, period, slot, payload)
    values (${slot('application_id')}, ${slot('resolution_ms')}, ${slot('period')}, ${slot('slot')}, ${slot('payload')})
    on conflict (application_id, resolution_ms, period, slot) do update set payload = excluded.payload`,
);

const errorGroups = rowsStatement<
  Pick<ErrorGroupRow, 'application_id' | 'fingerprint'> & Record<string, unknown>,
  Record<string, never>,
  ErrorGroupRow
>(
  { application_id: 'int', fingerprint: 'text' } as never,
  (rows) => sql`
    with k(application_id, fingerprint) as (${rows})
    select g.* from k join error_group g on g.application_id = k.application_id and g.fingerprint = k.fingerprint`,
);

const putErrorGroups = rowsStatement<ErrorGroupRow & Record<string, unknown>>(
  {
    id: 'int',
    application_id: 'int',
    fingerprint: 'text',
    handler: 'text',
    code: 'text',
    message: 'text',
    first_seen_at: 'int',
    last_seen_at: 'int',
    count: 'int',
    dead: 'int',
    examples: 'text',
  } as never,
  (rows) => sql`
    insert into error_group (id, application_id, fingerprint, handler, code, message, first_seen_at, last_seen_at, count, dead, examples)
    select * from (${rows}) as g where true
    on conflict (id) do update set first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at,
      count = excluded.count, dead = excluded.dead, examples = excluded.examples`,
);

/** Those before the newest `keep`, by the index of when they were last seen. */
const trimErrorGroups = statement<{ application: number; keep: number; limit: number }>(
  ({ slot }) => sql`
    delete from error_group where id in (
      select id from error_group where application_id = ${slot('application', 'int')}
      order by last_seen_at desc, id desc limit ${slot('limit', 'int')} offset ${slot('keep', 'int')})`,
);

/** `where true` tells SQLite that what follows is no join condition. */
const putStageFailures = rowsStatement<Record<string, unknown>>(
  { stage_id: 'int', application_id: 'int', fingerprint: 'text' },
  (rows) => sql`
    insert into stage_failure (stage_id, application_id, fingerprint) select * from (${rows}) as f where true
    on conflict (stage_id) do update set fingerprint = excluded.fingerprint`,
);

const prunePages = statement<{ resolution: number; before: number; limit: number }, { period: number }>(
  ({ slot }) => sql`
    delete from stat_page where (application_id, resolution_ms, period, slot) in (
      select application_id, resolution_ms, period, slot from stat_page
      where resolution_ms = ${slot('resolution', 'int')} and period < ${slot('before', 'int')}
      order by period limit ${slot('limit', 'int')})
    returning period`,
);

const AGING = [
  ['stat_series', 'last_seen_at'],
  ['error_group', 'last_seen_at'],
  ['mark', 'marked_at'],
] as const;

const beginFold = statement<{ key: string }>(
  ({ slot }) => sql`
    insert into server_state (key, value) values (${slot('key')}, '1')
    on conflict (key) do update set value = cast(cast(server_state.value as bigint) + 1 as text)`,
);

/** Of server_state: counts the folds, and says how far back they reached. */
export const STAT_VERSION = 'stat_version';
export const STAT_REACH = 'stat_reach';

async function statFolds(db: Kysely<Schema>): Promise<StatFolds> {
  const rows = await db.selectFrom('server_state').selectAll().where('key', 'in', [STAT_VERSION, STAT_REACH]).execute();
  const textOf = (key: string): string | undefined => rows.find((row) => row.key === key)?.value;
  return { version: Number(textOf(STAT_VERSION) ?? 0), reach: textOf(STAT_REACH) };
}

export const insightsOf = ({ db, run, runRows, runIds }: SqlContext): Insights => ({
  async beginFold() {
    await run(beginFold, { key: STAT_VERSION });
    return statFolds(db);
  },
  async endFold(reach) {
    await db
      .insertInto('server_state')
      .values({ key: STAT_REACH, value: reach })
      .onConflict((c) => c.column('key').doUpdateSet({ value: reach }))
      .execute();
  },
  async appendStats(payload, failures, now) {
    await run(append, { now, payload, failures });
  },
  takeStats: (limit) => run(take, { limit }),
  seriesByNames: (names) => runRows(seriesByNames, names),
  async countSeries(applicationIds) {
    const rows = await db
      .selectFrom('stat_series')
      .select((eb) => ['application_id', 'kind', eb.fn.countAll<number>().as('count')])
      .where('application_id', 'in', applicationIds)
      .groupBy(['application_id', 'kind'])
      .execute();
    return rows.map(({ count, ...of }) => ({ ...of, count: Number(count) }));
  },
  async insertSeries(rows) {
    for (const row of rows) await db.insertInto('stat_series').values(row).execute();
  },
  async touchSeries(ids, at) {
    await db.updateTable('stat_series').set({ last_seen_at: at }).where('id', 'in', ids).execute();
  },
  pages: (keys) => runRows(pages, keys),
  async putPages(rows) {
    for (const row of rows) await run(putPage, { ...row });
  },
  errorGroups: (keys) => runRows(errorGroups, keys),
  async putErrorGroups(rows) {
    await runRows(
      putErrorGroups,
      rows.map((row) => ({ ...row })),
    );
  },
  async trimErrorGroups(applicationId, keep, limit) {
    await run(trimErrorGroups, { application: applicationId, keep, limit });
  },
  async putStageFailures(rows) {
    await runRows(putStageFailures, rows);
  },
  async failedAlike(applicationId, fingerprint, { from, to }) {
    const rows = await db
      .selectFrom('stage_failure')
      .select('stage_id')
      .where('application_id', '=', applicationId)
      .where('fingerprint', '=', fingerprint)
      .where('stage_id', '>=', from)
      .where('stage_id', '<', to)
      .execute();
    return rows.map((row) => row.stage_id);
  },
  async insertMark(row) {
    const inserted = await db
      .insertInto('mark')
      .values(row)
      .onConflict((c) => c.columns(['application_id', 'idempotency_key']).doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  },
  markByKey: (applicationId, key) =>
    db
      .selectFrom('mark')
      .selectAll()
      .where('application_id', '=', applicationId)
      .where('idempotency_key', '=', key)
      .executeTakeFirst(),
  pipelineNames: (ids) => runIds(pipelineNames, { ids }),
  async prunePages(resolution, before, limit) {
    return (await run(prunePages, { resolution, before, limit })).length;
  },
  async pruneInsights(before, limit) {
    let gone = 0;
    for (const [table, column] of AGING) {
      const old = db
        .selectFrom(table)
        .select('id')
        .where(column as never, '<', before as never)
        .limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom(table)
        .where('id', 'in', old as never)
        .executeTakeFirst();
      gone += Number(numDeletedRows);
    }
    return gone;
  },
});
