import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { SpanAttempt, SpanPipeline, SpanReads, SpanSource, SpanStage } from '../store.js';

/** Later ones matter more, and no backend takes as many. */
const MAX_ATTEMPTS = 256;

const PIPELINE: readonly (keyof SpanPipeline)[] = [
  'id',
  'name',
  'trigger',
  'trace_id',
  'root_span_id',
  'parent_span_id',
  'trace_flags',
  'tracestate',
  'keywords',
  'created_at',
  'started_at',
  'finished_at',
  'status',
];

const STAGE: readonly (keyof SpanStage)[] = [
  'id',
  'name',
  'handler',
  'status',
  'span_id',
  'attempts',
  'fencing_token',
  'outcome',
  'worker_id',
  'ready_at',
  'delivery_ready_at',
  'leased_at',
  'settled_at',
  'finished_at',
  'error_code',
  'error',
];

type QueuedRow = Record<string, unknown> & {
  export_id: number;
  frozen: string | null;
  of_stage: number | null;
  /** Deliveries up to here were of stages that had the id before, and that reruns removed. */
  removed_token: number;
};

const prefixed = (table: 'p' | 's', prefix: string, columns: readonly string[]): RawBuilder<unknown> =>
  sql.join(columns.map((column) => sql`${sql.ref(`${table}.${column}`)} as ${sql.ref(`${prefix}${column}`)}`));

/** One statement, so that a rerun is seen as a whole or not at all: either the rows as they were, or the frozen copy of them. */
const sourcesOf = (queued: RawBuilder<unknown>): RawBuilder<QueuedRow> => sql<QueuedRow>`
  select x.id as export_id, x.frozen, x.stage_id as of_stage, a.name as application, ${prefixed('p', 'pipeline_', PIPELINE)}, ${prefixed('s', 'stage_', STAGE)},
    (select coalesce(max(r.fencing_token), 0) from removed_stage r where r.stage_id = x.stage_id) as removed_token
  from (${queued}) as x
  left join pipeline p on p.id = x.pipeline_id
  left join application a on a.id = p.application_id
  left join stage s on s.id = x.stage_id
  order by x.id`;

export interface QueuedSpan {
  id: number;
  frozen: string | null;
  /** As the rows are now. */
  source: SpanSource | undefined;
}

/** @param queued - a select of rows of span_export */
export async function readSpans(db: Kysely<Schema>, can: Capabilities, queued: RawBuilder<unknown>): Promise<QueuedSpan[]> {
  const { rows } = await sourcesOf(queued).execute(db);
  const stageIds = rows.flatMap((row) => (row.frozen === null && row.of_stage !== null ? [row.of_stage] : []));
  const attempts = await attemptsOf(db, can, stageIds);
  return rows.map((row) => ({ id: row.export_id, frozen: row.frozen, source: sourceOf(row, attempts) }));
}

async function attemptsOf(db: Kysely<Schema>, can: Capabilities, stageIds: number[]): Promise<Map<number, SpanAttempt[]>> {
  const found = new Map<number, SpanAttempt[]>();
  if (stageIds.length === 0) return found;
  const rows = await db
    .selectFrom('stage_attempt')
    .select(['stage_id', 'fencing_token', 'span_id', 'worker_id', 'outcome', 'error_code', 'ready_at', 'leased_at', 'settled_at'])
    .where(sql<boolean>`stage_id ${can.anyOf(sql`${can.array(stageIds)}`)}`)
    .orderBy('stage_id')
    .orderBy('fencing_token')
    .execute();
  for (const row of rows) {
    const known = found.get(row.stage_id);
    if (known) known.push(row);
    else found.set(row.stage_id, [row]);
  }
  return found;
}

function sourceOf(row: QueuedRow, attempts: ReadonlyMap<number, SpanAttempt[]>): SpanSource | undefined {
  if (row.pipeline_id === null || (row.of_stage !== null && row.stage_id === null)) return undefined;
  const pipeline = { ...columnsOf<SpanPipeline>(row, 'pipeline_', PIPELINE), application: String(row.application) };
  if (row.of_stage === null) return { pipeline, stage: null, attempts: [] };
  const stage = columnsOf<SpanStage>(row, 'stage_', STAGE);
  const own = (attempts.get(stage.id) ?? []).filter(
    ({ fencing_token: token }) => token > row.removed_token && token <= stage.fencing_token,
  );
  return { pipeline, stage, attempts: own.slice(-MAX_ATTEMPTS) };
}

const columnsOf = <T>(row: QueuedRow, prefix: string, columns: readonly (keyof T & string)[]): T =>
  Object.fromEntries(columns.map((column) => [column, row[`${prefix}${column}`]])) as T;

export const spanReads = (db: Kysely<Schema>, can: Capabilities): SpanReads => ({
  async queuedSpans(limit) {
    const spans = await readSpans(db, can, sql`select * from span_export order by id limit ${limit}`);
    return spans.map(({ id, frozen, source }) => ({ id, source: frozen === null ? source : (JSON.parse(frozen) as SpanSource) }));
  },
});
