import { type RawBuilder, sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, type Statement, skipLocked, statement } from '../statement.js';
import type { PruneLimits, Retention } from '../store.js';

interface Hanging {
  table: string;
  /** Its primary key. */
  keys: readonly string[];
  /** The column that holds the pipeline's id, or one that holds a stage's. */
  pipeline?: string;
  stage?: string;
  /** Columns that may be large. */
  payload?: readonly string[];
}

/**
 * Every table whose rows hang on a pipeline; a test finds the ones that are missing here. Stages go first: a log line of a stage that
 * is being deleted waits for its lock and then finds no stage, so that nothing is added to what was deleted already.
 */
export const HANGING: readonly Hanging[] = [
  { table: 'stage', keys: ['id'], stage: 'id', payload: ['input', 'output'] },
  { table: 'stage_dependency', keys: ['depends_on_id', 'stage_id'], stage: 'depends_on_id' },
  { table: 'stage_attempt', keys: ['stage_id', 'fencing_token'], stage: 'stage_id', payload: ['error'] },
  { table: 'removed_stage', keys: ['stage_id', 'fencing_token'], stage: 'stage_id' },
  { table: 'stage_log', keys: ['id'], pipeline: 'pipeline_id', payload: ['message', 'fields'] },
  { table: 'stage_append', keys: ['pipeline_id', 'idempotency_key'], pipeline: 'pipeline_id', payload: ['stages'] },
  { table: 'context_item', keys: ['pipeline_id', 'key'], pipeline: 'pipeline_id', payload: ['value'] },
  { table: 'span_export', keys: ['id'], pipeline: 'pipeline_id', payload: ['frozen'] },
  { table: 'stage_failure', keys: ['stage_id'], stage: 'stage_id' },
];

type Remains = { ids: number[]; positions: number; rows: number; bytes: number };

const columns = (names: readonly string[], table?: string): RawBuilder<unknown> =>
  sql.join(names.map((name) => sql.ref(table === undefined ? name : `${table}.${name}`)));

/** Deletes rows until the rows or the bytes are reached, at least one. Every step is bounded: the window sees no more than `rows`. */
function deleteOf({ table, keys, pipeline, stage, payload = [] }: Hanging): Statement<Remains, { bytes: number }> {
  const bytes =
    payload.length === 0
      ? sql`0`
      : sql.join(
          payload.map((name) => sql`coalesce(octet_length(${sql.ref(name)}), 0)`),
          sql` + `,
        );
  return statement(({ slot, can }) => {
    const hangs =
      pipeline !== undefined
        ? sql`${sql.ref(`x.${pipeline}`)} = p.item`
        : sql`${sql.ref(`x.${stage}`)} >= p.item * ${slot('positions', 'int')}
            and ${sql.ref(`x.${stage}`)} < (p.item + 1) * ${slot('positions', 'int')}`;
    return sql`
      delete from ${sql.table(table)} where (${columns(keys)}) in (
        select ${columns(keys)} from (
          select ${columns(keys)}, sum(bytes) over (order by ${columns(keys)} rows unbounded preceding) - bytes as before
          from (
            select ${columns(keys, 'x')}, ${bytes} as bytes
            from ${can.eachId(slot('ids'))} as p cross join ${sql.table(table)} x where ${hangs}
            limit ${slot('rows', 'int')}) as found) as counted
        where before < ${slot('bytes', 'int')})
      returning ${bytes} as bytes`;
  });
}

const DELETES = HANGING.map(deleteOf);

const deletePipelines = statement<
  { ids: number[]; endedBefore: number; keepExports: number },
  { id: number; application_id: number; keywords: string | null }
>(
  ({ idsIn, slot }) => sql`
    delete from pipeline
    where id ${idsIn('ids')} and finished_at < ${slot('endedBefore', 'int')}
      and (${slot('keepExports', 'int')} = 0 or not exists (select 1 from span_export x where x.pipeline_id = pipeline.id))
    returning id, application_id, keywords`,
);

const deleteKeywords = rowsStatement<{ application_id: number; keyword: string; pipeline_id: number }>(
  { application_id: 'int', keyword: 'text', pipeline_id: 'int' },
  (rows) => sql`delete from pipeline_keyword where (application_id, keyword, pipeline_id) in (${rows})`,
);

const rememberRemains = rowsStatement<{ id: number }>({ id: 'int' }, (rows) => sql`insert into pruned_pipeline (id) ${rows}`);

const forgetRemains = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from pruned_pipeline where id ${idsIn('ids')}`);

const remains = statement<{ limit: number }, { id: number }>(
  ({ slot, can }) => sql`select id from pruned_pipeline order by id limit ${slot('limit', 'int')} ${skipLocked(can)}`,
);

const deleteActions = statement<{ before: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    delete from bulk_action where id in (
      select id from bulk_action where finished_at < ${slot('before', 'int')} order by id limit ${slot('limit', 'int')})
    returning id`,
);

/** One that comes back meanwhile writes its row first and stays, or finds none and begins a new session. */
const deleteWorkers = statement<{ before: number; limit: number }, { id: number }>(
  ({ slot, can }) => sql`
    delete from worker where id in (
      select id from worker
      where last_seen_at < ${slot('before', 'int')}
        and not exists (select 1 from stage where stage.status = 'running' and stage.worker_id = worker.id)
      order by id limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning id`,
);

/** The oldest have the lowest ids: no index of times is needed. */
const deleteAudit = statement<{ before: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    delete from audit_event where occurred_at < ${slot('before', 'int')} and id in (
      select id from audit_event order by id limit ${slot('limit', 'int')})
    returning id`,
);

const deleteLogs = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from stage_log where id ${idsIn('ids')}`);

const deletePulls = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from worker_pull where worker_id ${idsIn('ids')}`);

export const retentionOf = ({ run, runRows, runIds }: SqlContext): Retention => {
  return {
    async deletePipelines(ids, endedBefore, keepExports) {
      const gone = await runIds(deletePipelines, { ids, endedBefore, keepExports: keepExports ? 1 : 0 });
      // The primary key of the keywords begins with the application and the keyword; the pipeline's row has them all.
      const keywords = gone.flatMap(({ id, application_id, keywords: list }) =>
        list === null ? [] : (JSON.parse(list) as string[]).map((keyword) => ({ application_id, keyword, pipeline_id: id })),
      );
      await runRows(deleteKeywords, keywords);
      return gone.map(({ id }) => id);
    },
    async deleteRemains(ids: number[], stagePositions: number, limits: PruneLimits) {
      let { rows, bytes } = limits;
      for (const each of DELETES) {
        const deleted = await runIds(each, { ids, positions: stagePositions, rows, bytes });
        rows -= deleted.length;
        bytes -= deleted.reduce((sum, row) => sum + row.bytes, 0);
        if (rows <= 0 || bytes <= 0) return { more: true };
      }
      return { more: false };
    },
    async deleteRecords(before, limit) {
      const actions = await run(deleteActions, { before: before.actions, limit });
      const workers = await run(deleteWorkers, { before: before.workers, limit });
      await runIds(deletePulls, { ids: workers.map(({ id }) => id) });
      const entries = await run(deleteAudit, { before: before.audit, limit });
      return { more: Math.max(actions.length, workers.length, entries.length) === limit };
    },
    async deleteStageLogs(ids) {
      await runIds(deleteLogs, { ids });
    },
    async rememberRemains(ids) {
      await runRows(
        rememberRemains,
        ids.map((id) => ({ id })),
      );
    },
    async forgetRemains(ids) {
      await runIds(forgetRemains, { ids });
    },
    async remains(limit) {
      return (await run(remains, { limit })).map(({ id }) => id);
    },
  };
};
