import type { Page, TraceFilter, TraceSummary } from '@pipelogiq/protocol';
import type { Ms, PipelineRow, Reads } from '../../store/store.js';
import { decodeCursor, encodeCursor } from '../ids.js';
import { pageLimit } from '../page.js';
import { pipelineSummary, timeField } from '../pipeline/views.js';
import { linksOf } from './link-settings.js';
import type { Linker } from './links.js';

/** Pipelines that one page looks at: durations have no index. A page may so be short, and go on after it. */
const LOOKED_AT = 20_000;

export async function listTraces(reads: Reads, applicationId: number, filter: TraceFilter): Promise<Page<TraceSummary>> {
  const limit = pageLimit(filter);
  const now = await reads.now();
  const found = await reads.traces(applicationId, filter, {
    limit,
    after: decodeCursor(filter.cursor, 'number'),
    lookedAt: LOOKED_AT,
    now,
  });
  const link = await linksOf(reads, applicationId);
  return {
    items: found.rows.map((row) => traceSummary(row, link, now)),
    nextCursor: found.next === undefined ? null : encodeCursor(found.next),
  };
}

function traceSummary(row: PipelineRow & { application: string }, link: Linker, now: Ms): TraceSummary {
  const { traceId, status, createdAt, stages } = pipelineSummary(row);
  const end = row.finished_at ?? now;
  return {
    traceId,
    pipelineId: String(row.id),
    pipeline: row.name,
    status,
    rootSpanId: row.root_span_id,
    createdAt,
    ...timeField('startedAt', row.started_at),
    ...timeField('finishedAt', row.finished_at),
    ...(row.started_at !== null && { durationMs: Math.max(end - row.started_at, 0) }),
    stages,
    ...link({ traceId, spanId: row.root_span_id, from: row.created_at, to: end }),
  };
}
