import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, statement } from '../statement.js';
import type { Ms, SpanQueue, SpanSource } from '../store.js';
import { allocateIds } from './ids.js';
import { readSpans } from './span-reads.js';

/** So many are frozen at a time: each may tell of an error, and of all its deliveries. */
const FREEZE = 500;

/**
 * Bit 0 of the trace flags: sampled (W3C Trace Context §3.2.2.5.1). A stage has a span when something happened to it in this run: a
 * delivery, a failure without one, the wait for an event.
 */
const spansOfStages = statement<{ ids: number[] }, { pipeline_id: number; stage_id: number }>(
  ({ idsIn }) => sql`
    select s.pipeline_id, s.id as stage_id from stage s join pipeline p on p.id = s.pipeline_id
    where s.id ${idsIn('ids')} and p.trace_flags & 1 = 1
      and (s.leased_at is not null or s.status = 'failed' or (s.wait_for is not null and s.ready_at is not null))`,
);

const spansOfPipelines = statement<{ ids: number[] }, { pipeline_id: number }>(
  ({ idsIn }) => sql`select id as pipeline_id from pipeline where id ${idsIn('ids')} and trace_flags & 1 = 1`,
);

const insertSpans = rowsStatement<{ id: number; pipeline_id: number; stage_id: number | null }>(
  { id: 'int', pipeline_id: 'int', stage_id: 'int' },
  (rows) => sql`insert into span_export (id, pipeline_id, stage_id) ${rows}`,
);

const removeSpans = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from span_export where id ${idsIn('ids')}`);

const setFrozen = rowsStatement<{ id: number; frozen: string }>(
  { id: 'int', frozen: 'text' },
  (rows) => sql`
    with f(id, frozen) as (${rows})
    update span_export set frozen = f.frozen from f where span_export.id = f.id`,
);

/** A stage that is cut off ends now. */
const cutOff = (source: SpanSource, cut: ReadonlySet<number>, now: Ms): SpanSource =>
  source.stage && cut.has(source.stage.id) && source.stage.finished_at === null
    ? { ...source, stage: { ...source.stage, status: 'cancelled', finished_at: now } }
    : source;

export const spansOf = (context: SqlContext): SpanQueue => {
  const { runRows, runIds, db, can } = context;
  return {
    async queueSpans(stageIds: number[], pipelineIds: number[]): Promise<void> {
      const stages = await runIds(spansOfStages, { ids: stageIds });
      const pipelines = await runIds(spansOfPipelines, { ids: pipelineIds });
      const spans = [...stages, ...pipelines.map((span) => ({ ...span, stage_id: null }))];
      if (spans.length === 0) return;
      const ids = await allocateIds(context, 'span_export', spans.length);
      await runRows(
        insertSpans,
        spans.map((span, index) => ({ id: ids[index], ...span })),
      );
    },
    async freezeSpans(pipelineId: number, cut: ReadonlySet<number>, now: Ms): Promise<void> {
      for (;;) {
        const spans = await readSpans(
          db,
          can,
          sql`select * from span_export where pipeline_id = ${pipelineId} and frozen is null order by id limit ${sql.lit(FREEZE)}`,
        );
        const rows = spans.flatMap(({ id, source }) =>
          source ? [{ id, frozen: JSON.stringify(cutOff(source, cut, now)) }] : [],
        );
        await runRows(setFrozen, rows);
        if (spans.length < FREEZE || rows.length === 0) return;
      }
    },
    async removeSpans(ids: number[]): Promise<void> {
      await runIds(removeSpans, { ids });
    },
  };
};
