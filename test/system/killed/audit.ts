import { createRequire } from 'node:module';
import type Database from 'better-sqlite3';
import type { Ledger } from './ledger.js';

// The driver is the server's dependency, not the repository's.
const requireOfServer = createRequire(new URL('../../../packages/server/package.json', import.meta.url));
const Sqlite = requireOfServer('better-sqlite3') as typeof Database;

/** Reads the database of the servers; the SQL here is what both stores understand. */
export type Query = <Row>(sql: string) => Promise<Row[]>;

/** Every way in which the file of a stopped server breaks what the ledger was promised, or contradicts itself. */
export async function auditFile(path: string, ledger: Ledger): Promise<string[]> {
  const database = new Sqlite(path, { readonly: true });
  try {
    const damage = database.prepare(`select * from pragma_integrity_check where integrity_check <> 'ok'`).all();
    const query: Query = async <Row>(sql: string) => database.prepare<[], Row>(sql).all();
    const found = await audit(query, ledger);
    return [
      ...found,
      ...(await contradictions(query, OUT_OF_ORDER)),
      ...damage.map((row) => `the file is damaged: ${JSON.stringify(row)}`),
    ];
  } finally {
    database.close();
  }
}

export async function audit(query: Query, ledger: Ledger): Promise<string[]> {
  return [
    ...ledger.broken,
    ...(await lostCreates(query, ledger)),
    ...(await lostAcks(query, ledger)),
    ...(await contradictions(query)),
  ];
}

async function lostCreates(query: Query, ledger: Ledger): Promise<string[]> {
  const rows = await query<{ id: number; name: string }>('select id, name from pipeline');
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

async function lostAcks(query: Query, ledger: Ledger): Promise<string[]> {
  const rows = await query<StageRow>('select id, status, fencing_token, output from stage');
  const stages = new Map(rows.map((row) => [String(row.id), row]));
  const items = await query<{ key: string; value: string }>('select key, value from context_item');
  const context = new Map(items.map((item) => [item.key, item.value]));
  const found = [...ledger.acks].flatMap(([id, ack]) => {
    const row = stages.get(id);
    const what = `ack of stage ${id} by delivery ${ack.fencingToken}`;
    if (row?.status !== 'completed') return [`${what} is lost: the stage is ${row?.status}`];
    if (Number(row.fencing_token) !== ack.fencingToken) return [`${what}: the stage was completed by ${row.fencing_token}`];
    if (row.output !== ack.output) return [`${what}: the output ${ack.output} became ${row.output}`];
    if (!ack.contextKey) return [];
    const value = context.get(ack.contextKey);
    return value === String(ack.fencingToken) ? [] : [`${what}: its context is ${value}`];
  });
  const unasked = rows.filter(({ id, status }) => status === 'completed' && !ledger.acks.has(String(id)));
  return [...found, ...unasked.map(({ id }) => `stage ${id} is completed, and no ack of it was answered`)];
}

/** Statements that find rows only when the database contradicts itself. Each row names what is wrong. */
const CONTRADICTIONS = {
  'a pipeline never ended': `select id, status from pipeline where status not in ('completed', 'failed', 'cancelled')`,
  'two deliveries completed one stage': `
    select stage.id, count(*) as deliveries
    from stage join stage_attempt on stage_attempt.stage_id = stage.id and stage_attempt.outcome = 'completed'
    group by stage.id, stage.outcome having count(*) + case when stage.outcome = 'completed' then 1 else 0 end > 1`,
  'a delivery is archived under the current token': `
    select stage.id, stage.fencing_token from stage join stage_attempt on stage_attempt.stage_id = stage.id
      and stage_attempt.fencing_token >= stage.fencing_token`,
  'a delivery left no trace': `
    select id, fencing_token from stage
    where fencing_token - 1 > (select count(*) from stage_attempt where stage_id = stage.id)`,
  'attempts are miscounted': `
    select id, attempts from stage where attempts <> (
      select count(*) from (
        select outcome from stage_attempt where stage_id = stage.id union all select stage.outcome) as delivery
      where outcome in ('completed', 'failed', 'retried', 'expired', 'timed_out'))`,
  'counters differ from the stages': `
    select p.id, p.stages_total, p.stages_open, p.stages_completed, p.stages_failed, p.stages_blocked from pipeline p
    left join (
      select pipeline_id, count(*) as total,
        count(*) filter (where status not in ('completed', 'failed', 'skipped', 'cancelled', 'blocked')) as open,
        count(*) filter (where status = 'completed') as completed,
        count(*) filter (where status = 'failed' and run_next_if_failed = 0) as failed,
        count(*) filter (where status = 'failed' and run_next_if_failed = 1) as tolerated,
        count(*) filter (where status = 'skipped') as skipped, count(*) filter (where status = 'cancelled') as cancelled,
        count(*) filter (where status = 'blocked') as blocked
      from stage group by pipeline_id) s on s.pipeline_id = p.id
    where s.total is null or p.stages_total <> s.total or p.stages_open <> s.open or p.stages_completed <> s.completed
      or p.stages_failed <> s.failed or p.stages_tolerated <> s.tolerated or p.stages_skipped <> s.skipped
      or p.stages_cancelled <> s.cancelled or p.stages_blocked <> s.blocked`,
  'open dependencies are miscounted': `
    select id, open_dependencies from stage where open_dependencies <> (
      select count(*) from stage_dependency d join stage up on up.id = d.depends_on_id
      where d.stage_id = stage.id and not (up.status in ('completed', 'skipped')
        or (up.status = 'failed' and up.run_next_if_failed = 1)))`,
} as const;

/** Where one writer's clock orders the groups. With several, a group's time is that of its begin, not of the locks it waited for. */
const OUT_OF_ORDER = {
  'a stage ran before its dependency was done': `
    select stage.id, up.id as dependency from stage
    join stage_dependency d on d.stage_id = stage.id join stage up on up.id = d.depends_on_id
    where stage.leased_at is not null and (up.finished_at is null or up.finished_at > stage.leased_at)`,
} as const;

async function contradictions(query: Query, statements: Record<string, string> = CONTRADICTIONS): Promise<string[]> {
  const found: string[] = [];
  for (const [what, statement] of Object.entries(statements)) {
    for (const row of await query(statement)) found.push(`${what}: ${JSON.stringify(row)}`);
  }
  return found;
}
