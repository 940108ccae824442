import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import type { Ledger } from './ledger.js';

// The driver is the server's dependency, not the repository's.
const requireOfServer = createRequire(new URL('../../../packages/server/package.json', import.meta.url));
const Sqlite = requireOfServer('better-sqlite3') as typeof Database;

/** Every way in which the database of a stopped server breaks what the ledger was promised, or contradicts itself. */
export function audit(path: string, ledger: Ledger): string[] {
  const database = new Sqlite(path, { readonly: true });
  try {
    return [...ledger.broken, ...lostCreates(database, ledger), ...lostAcks(database, ledger), ...contradictions(database)];
  } finally {
    database.close();
  }
}

function lostCreates(database: Database.Database, ledger: Ledger): string[] {
  const rows = database.prepare<[], { id: number; name: string }>('select id, name from pipeline').all();
  const ids = new Map<string, number[]>();
  for (const { id, name } of rows) ids.set(name, [...(ids.get(name) ?? []), id]);
  const lost = [...ledger.creates].filter(([key, id]) => !ids.get(key)?.includes(Number(id)));
  const twice = [...ids].filter(([, made]) => made.length > 1);
  const unasked = [...ids.keys()].filter((name) => !ledger.creates.has(name));
  return [
    ...lost.map(([key, id]) => `create ${key} was answered with ${id} and is lost`),
    ...twice.map(([key, made]) => `create ${key} made the pipelines ${made.join(' and ')}`),
    ...unasked.map((name) => `pipeline ${name} was never answered for`),
  ];
}

interface StageRow {
  id: number;
  status: string;
  fencing_token: number;
  output: string | null;
}

function lostAcks(database: Database.Database, ledger: Ledger): string[] {
  const stage = database.prepare<[string], StageRow>('select id, status, fencing_token, output from stage where id = ?');
  const context = database.prepare<[string], { value: string }>('select value from context_item where key = ?');
  const found = [...ledger.acks].flatMap(([id, ack]) => {
    const row = stage.get(id);
    const what = `ack of stage ${id} by delivery ${ack.fencingToken}`;
    if (row?.status !== 'completed') return [`${what} is lost: the stage is ${row?.status}`];
    if (row.fencing_token !== ack.fencingToken) return [`${what}: the stage was completed by ${row.fencing_token}`];
    if (row.output !== ack.output) return [`${what}: the output ${ack.output} became ${row.output}`];
    if (!ack.contextKey) return [];
    const value = context.get(ack.contextKey)?.value;
    return value === String(ack.fencingToken) ? [] : [`${what}: its context is ${value}`];
  });
  const completed = database.prepare<[], { id: number }>(`select id from stage where status = 'completed'`).all();
  const unasked = completed.filter(({ id }) => !ledger.acks.has(String(id)));
  return [...found, ...unasked.map(({ id }) => `stage ${id} is completed, and no ack of it was answered`)];
}

/** Statements that find rows only when the database contradicts itself. Each row names what is wrong. */
const CONTRADICTIONS = {
  'a pipeline never ended': `select id, status from pipeline where status not in ('completed', 'failed', 'cancelled')`,
  'two deliveries completed one stage': `
    select stage.id, count(*) as deliveries
    from stage join stage_attempt on stage_attempt.stage_id = stage.id and stage_attempt.outcome = 'completed'
    group by stage.id having count(*) + (stage.outcome = 'completed') > 1`,
  'a delivery is archived under the current token': `
    select stage.id, stage.fencing_token from stage join stage_attempt on stage_attempt.stage_id = stage.id
      and stage_attempt.fencing_token >= stage.fencing_token`,
  'a delivery left no trace': `
    select id, fencing_token from stage
    where fencing_token - 1 > (select count(*) from stage_attempt where stage_id = stage.id)`,
  'attempts are miscounted': `
    select id, attempts from stage where attempts <> (
      select count(*) from (
        select outcome from stage_attempt where stage_id = stage.id union all select stage.outcome)
      where outcome in ('completed', 'failed', 'retried', 'expired', 'timed_out'))`,
  'counters differ from the stages': `
    select p.id, p.stages_total, p.stages_open, p.stages_completed, p.stages_failed, p.stages_blocked from pipeline p
    left join (
      select pipeline_id, count(*) as total,
        sum(status not in ('completed', 'failed', 'skipped', 'cancelled', 'blocked')) as open,
        sum(status = 'completed') as completed, sum(status = 'failed' and not run_next_if_failed) as failed,
        sum(status = 'failed' and run_next_if_failed) as tolerated, sum(status = 'skipped') as skipped,
        sum(status = 'cancelled') as cancelled, sum(status = 'blocked') as blocked
      from stage group by pipeline_id) s on s.pipeline_id = p.id
    where s.total is null or p.stages_total <> s.total or p.stages_open <> s.open or p.stages_completed <> s.completed
      or p.stages_failed <> s.failed or p.stages_tolerated <> s.tolerated or p.stages_skipped <> s.skipped
      or p.stages_cancelled <> s.cancelled or p.stages_blocked <> s.blocked`,
  'open dependencies are miscounted': `
    select id, open_dependencies from stage where open_dependencies <> (
      select count(*) from stage_dependency d join stage up on up.id = d.depends_on_id
      where d.stage_id = stage.id and not (up.status in ('completed', 'skipped')
        or (up.status = 'failed' and up.run_next_if_failed)))`,
  'a stage ran before its dependency was done': `
    select stage.id, up.id as dependency from stage
    join stage_dependency d on d.stage_id = stage.id join stage up on up.id = d.depends_on_id
    where stage.leased_at is not null and (up.finished_at is null or up.finished_at > stage.leased_at)`,
  'the file is damaged': `select * from pragma_integrity_check where integrity_check <> 'ok'`,
} as const;

const contradictions = (database: Database.Database): string[] =>
  Object.entries(CONTRADICTIONS).flatMap(([what, statement]) =>
    database
      .prepare(statement)
      .all()
      .map((row) => `${what}: ${JSON.stringify(row)}`),
  );
