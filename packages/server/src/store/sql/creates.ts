import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { type Columns, insertInto, rowsStatement, statement } from '../statement.js';
import type { ContextRow, Creates, KnownPipeline, NewPipeline, NewStage } from '../store.js';
import { allocateIds } from './ids.js';

const pipelinesByIdempotencyKey = rowsStatement<{ application_id: number; key: string }, Record<string, never>, KnownPipeline>(
  { application_id: 'int', key: 'text' },
  (rows) => sql`
    with wanted(application_id, key) as (${rows})
    select p.id, p.application_id, p.idempotency_key, p.body_hash, p.trace_id, p.status
    from wanted w
    cross join pipeline p
    where p.application_id = w.application_id and p.idempotency_key = w.key and p.idempotency_key is not null`,
);

const insertPipelines = insertInto<NewPipeline>('pipeline', {
  id: 'int',
  application_id: 'int',
  name: 'text',
  version: 'text',
  environment: 'text',
  status: 'text',
  trigger: 'text',
  priority: 'int',
  trace_id: 'text',
  root_span_id: 'text',
  parent_span_id: 'text',
  trace_flags: 'int',
  tracestate: 'text',
  idempotency_key: 'text',
  body_hash: 'text',
  keywords: 'text',
  has_context: 'int',
  run_at: 'int',
  sla_ms: 'int',
  created_at: 'int',
  started_at: 'int',
  stages_total: 'int',
  stages_open: 'int',
});

const STAGE_COLUMNS = {
  id: 'int',
  application_id: 'int',
  pipeline_id: 'int',
  name: 'text',
  handler: 'text',
  status: 'text',
  priority: 'int',
  not_before: 'int',
  delay_ms: 'int',
  run_at: 'int',
  ready_at: 'int',
  dependency_count: 'int',
  open_dependencies: 'int',
  span_id: 'text',
  input: 'text',
  reference_positions: 'text',
  timeout_ms: 'int',
  pending_timeout_ms: 'int',
  max_attempts: 'int',
  backoff: 'text',
  run_next_if_failed: 'int',
  fail_if_output_empty: 'int',
  notify_on_failure: 'int',
} satisfies Columns<Omit<NewStage, 'wait_for'>>;

const insertStages = insertInto<Omit<NewStage, 'wait_for'>>('stage', STAGE_COLUMNS);
/** Apart, so that the stages that workers run — nearly all — do not pay for the column. */
const insertEventStages = insertInto<NewStage>('stage', { ...STAGE_COLUMNS, wait_for: 'text' });

const insertDependencies = insertInto<{ depends_on_id: number; stage_id: number }>('stage_dependency', {
  depends_on_id: 'int',
  stage_id: 'int',
});

const insertKeywords = insertInto<{ application_id: number; keyword: string; pipeline_id: number }>('pipeline_keyword', {
  application_id: 'int',
  keyword: 'text',
  pipeline_id: 'int',
});

const putContext = rowsStatement<ContextRow & Record<string, unknown>>(
  { pipeline_id: 'int', key: 'text', value: 'text', sensitive: 'int', updated_at: 'int' },
  // `where true`: without it SQLite reads the conflict clause as a join constraint of the select
  // Once sensitive, a key stays so: a later write that forgets the mark must not show the value.
  (rows, { can }) => sql`
    with item(pipeline_id, key, value, sensitive, updated_at) as (${rows})
    insert into context_item (pipeline_id, key, value, sensitive, updated_at)
    select pipeline_id, key, value, sensitive, updated_at from item where true
    on conflict (pipeline_id, key) do update
    set value = excluded.value, sensitive = ${can.greatest(sql`context_item.sensitive`, sql`excluded.sensitive`)},
      updated_at = excluded.updated_at`,
);

const markContext = statement<{ ids: number[] }>(
  ({ idsIn }) => sql`update pipeline set has_context = 1 where id ${idsIn('ids')} and has_context = 0`,
);

export const createsOf = (context: SqlContext): Creates => {
  const { runRows, runIds } = context;
  return {
    allocateIds: (sequence, count) => allocateIds(context, sequence, count),
    pipelinesByIdempotencyKey(keys: { applicationId: number; key: string }[]): Promise<KnownPipeline[]> {
      const rows = keys.map(({ applicationId, key }) => ({ application_id: applicationId, key }));
      return runRows(pipelinesByIdempotencyKey, rows);
    },
    async insertPipelines(rows: NewPipeline[]): Promise<void> {
      await runRows(insertPipelines, rows);
    },
    async insertStages(rows: NewStage[]): Promise<void> {
      const events = rows.filter((row) => row.wait_for !== null);
      await runRows(insertStages, events.length === 0 ? rows : rows.filter((row) => row.wait_for === null));
      await runRows(insertEventStages, events);
    },
    async insertDependencies(rows: { depends_on_id: number; stage_id: number }[]): Promise<void> {
      await runRows(insertDependencies, rows);
    },
    async insertKeywords(rows: { application_id: number; keyword: string; pipeline_id: number }[]): Promise<void> {
      await runRows(insertKeywords, rows);
    },
    async putContext(rows: ContextRow[]): Promise<void> {
      // One statement may not touch a row twice: the last value counts, and the mark of any.
      const merged = new Map<string, ContextRow>();
      for (const row of rows) {
        const key = `${row.pipeline_id}\n${row.key}`;
        merged.set(key, { ...row, sensitive: row.sensitive || (merged.get(key)?.sensitive ?? 0) });
      }
      await runRows(putContext, [...merged.values()]);
      await runIds(markContext, { ids: [...new Set(rows.map((row) => row.pipeline_id))] });
    },
  };
};
