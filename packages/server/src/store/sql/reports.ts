import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement } from '../statement.js';
import type { Reports, StageLogRow } from '../store.js';

interface Progress {
  id: number;
  fencing_token: number;
  ratio: number | null;
  message: string | null;
}

const setProgress = rowsStatement<Progress & Record<string, unknown>>(
  { id: 'int', fencing_token: 'int', ratio: 'real', message: 'text' },
  (rows) => sql`
    with r(id, token, ratio, message) as (${rows})
    update stage set progress_ratio = coalesce(r.ratio, stage.progress_ratio),
      progress_message = coalesce(r.message, stage.progress_message)
    from r where stage.id = r.id and stage.fencing_token = r.token and stage.status = 'running'`,
);

const addLogLines = rowsStatement<{ id: number; lines: number }>(
  { id: 'int', lines: 'int' },
  (rows) => sql`
    with l(id, lines) as (${rows})
    update stage set log_lines = stage.log_lines + l.lines from l where stage.id = l.id`,
);

const insertLogs = rowsStatement<StageLogRow & Record<string, unknown>>(
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

/** What several reports of a delivery say in the end. One statement may not touch a row twice: PostgreSQL would take any of them. */
function inOne(rows: Progress[]): Progress[] {
  const merged = new Map<string, Progress>();
  for (const row of rows) {
    const key = `${row.id} ${row.fencing_token}`;
    const before = merged.get(key);
    merged.set(key, { ...row, ratio: row.ratio ?? before?.ratio ?? null, message: row.message ?? before?.message ?? null });
  }
  return [...merged.values()];
}

export const reportsOf = ({ runRows }: SqlContext): Reports => {
  return {
    async setProgress(rows: Progress[]): Promise<void> {
      await runRows(setProgress, inOne(rows));
    },
    async addLogLines(rows: { id: number; lines: number }[]): Promise<void> {
      await runRows(addLogLines, rows);
    },
    async insertLogs(rows: StageLogRow[]): Promise<void> {
      await runRows(insertLogs, rows);
    },
  };
};
