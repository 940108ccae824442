import { sql } from 'kysely';
import { rowsStatement, statement } from '../statement.js';
import type { StageLogRow, WorkerBeat } from '../store.js';

export const touchWorkers = rowsStatement<WorkerBeat & Record<string, unknown>>(
  {
    id: 'int',
    state: 'text',
    in_flight: 'int',
    processed: 'int',
    failed: 'int',
    cpu_percent: 'real',
    memory_mb: 'real',
    last_error: 'text',
    last_seen_at: 'int',
  } as never,
  (rows) => sql`
    with b(id, state, in_flight, processed, failed, cpu_percent, memory_mb, last_error, last_seen_at) as (${rows})
    update worker set
      state = b.state, in_flight = b.in_flight, processed = b.processed, failed = b.failed, cpu_percent = b.cpu_percent,
      memory_mb = b.memory_mb, last_error = coalesce(b.last_error, worker.last_error), last_seen_at = b.last_seen_at
    from b where worker.id = b.id`,
);

export const touchApiKeys = rowsStatement<{ id: number; lastUsedAt: number }>(
  { id: 'int', lastUsedAt: 'int' },
  (rows) => sql`
    with u(id, last_used_at) as (${rows})
    update api_key set last_used_at = u.last_used_at from u where api_key.id = u.id`,
);

export const setProgress = rowsStatement<{ id: number; fencing_token: number; ratio: number | null; message: string | null }>(
  { id: 'int', fencing_token: 'int', ratio: 'real', message: 'text' },
  (rows) => sql`
    with r(id, token, ratio, message) as (${rows})
    update stage set progress_ratio = coalesce(r.ratio, stage.progress_ratio),
      progress_message = coalesce(r.message, stage.progress_message)
    from r where stage.id = r.id and stage.fencing_token = r.token and stage.status = 'running'`,
);

export const addLogLines = rowsStatement<{ id: number; lines: number }>(
  { id: 'int', lines: 'int' },
  (rows) => sql`
    with l(id, lines) as (${rows})
    update stage set log_lines = stage.log_lines + l.lines from l where stage.id = l.id`,
);

export const insertLogs = rowsStatement<StageLogRow & Record<string, unknown>>(
  {
    id: 'int',
    pipeline_id: 'int',
    stage_id: 'int',
    fencing_token: 'int',
    level: 'text',
    message: 'text',
    fields: 'text',
    logged_at: 'int',
  } as never,
  (rows) => sql`insert into stage_log (id, pipeline_id, stage_id, fencing_token, level, message, fields, logged_at) ${rows}`,
);

/** Bit 0 of the trace flags: sampled (W3C Trace Context §3.2.2.5.1). */
export const spansOfStages = statement<{ ids: number[] }, { pipeline_id: number; stage_id: number }>(
  ({ idsIn }) => sql`
    select s.pipeline_id, s.id as stage_id from stage s join pipeline p on p.id = s.pipeline_id
    where s.id ${idsIn('ids')} and p.trace_flags & 1 = 1 and s.fencing_token > 0`,
);

export const spansOfPipelines = statement<{ ids: number[] }, { pipeline_id: number }>(
  ({ idsIn }) => sql`select id as pipeline_id from pipeline where id ${idsIn('ids')} and trace_flags & 1 = 1`,
);

export const insertSpans = rowsStatement<{ id: number; pipeline_id: number; stage_id: number | null }>(
  { id: 'int', pipeline_id: 'int', stage_id: 'int' },
  (rows) => sql`insert into span_export (id, pipeline_id, stage_id) ${rows}`,
);

export const removeSpans = statement<{ ids: number[] }>(({ idsIn }) => sql`delete from span_export where id ${idsIn('ids')}`);
