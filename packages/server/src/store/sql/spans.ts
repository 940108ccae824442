import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, statement } from '../statement.js';
import type { SpanQueue } from '../store.js';
import { allocateIds } from './ids.js';

/**
 * Bit 0 of the trace flags: sampled (W3C Trace Context §3.2.2.5.1). A stage has a span when something happened to it: a delivery, a
 * failure without one, the wait for an event.
 */
const spansOfStages = statement<{ ids: number[] }, { pipeline_id: number; stage_id: number }>(
  ({ idsIn }) => sql`
    select s.pipeline_id, s.id as stage_id from stage s join pipeline p on p.id = s.pipeline_id
    where s.id ${idsIn('ids')} and p.trace_flags & 1 = 1
      and (s.fencing_token > 0 or s.status = 'failed' or (s.wait_for is not null and s.ready_at is not null))`,
);

const spansOfPipelines = statement<{ ids: number[] }, { pipeline_id: number }>(
  ({ idsIn }) => sql`select id as pipeline_id from pipeline where id ${idsIn('ids')} and trace_flags & 1 = 1`,
);

const insertSpans = rowsStatement<{ id: number; pipeline_id: number; stage_id: number | null }>(
  { id: 'int', pipeline_id: 'int', stage_id: 'int' },
  (rows) => sql`insert into span_export (id, pipeline_id, stage_id) ${rows}`,
);

const removeSpans = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from span_export where id ${idsIn('ids')}`);

export const spansOf = (context: SqlContext): SpanQueue => {
  const { runRows, runIds, db } = context;
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
    queuedSpans(limit: number): Promise<{ id: number; pipeline_id: number; stage_id: number | null }[]> {
      return db.selectFrom('span_export').selectAll().orderBy('id').limit(limit).execute();
    },
    async removeSpans(ids: number[]): Promise<void> {
      await runIds(removeSpans, { ids });
    },
  };
};
