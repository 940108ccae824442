import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, rowsStatement, statement } from '../statement.js';
import type { Actions, GraphEdge, GraphStage, IdRange, PipelineState, ReadyStage, StagePlace } from '../store.js';

const pipelineState = statement<{ id: number }, PipelineState>(
  ({ slot }) => sql`
    select id, application_id, name, status, "trigger", run, run_at, started_at, finished_at, paused_at, root_span_id, cancel_reason, stages_total,
      stages_removed, priority
    from pipeline where id = ${slot('id', 'int')}`,
);

const graphStages = statement<IdRange, GraphStage>(
  ({ slot, can }) => sql`
    select id, application_id, pipeline_id, name, handler, status, held, not_before, delay_ms, run_at, ready_at, pending_timeout_ms,
      wait_for, dependency_count, open_dependencies, run_next_if_failed, spawned_by_id, finished_at
    from stage where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')}
    order by id ${forUpdate(can)}`,
);

const graphEdges = statement<IdRange, GraphEdge>(
  ({ slot }) => sql`
    select depends_on_id, stage_id from stage_dependency
    where depends_on_id >= ${slot('from', 'int')} and depends_on_id < ${slot('to', 'int')}
    order by stage_id, depends_on_id`,
);

const archiveSuperseded = statement<{ ids: number[]; now: number }>(
  ({ idsIn, slot }) => sql`
    insert into stage_attempt
      (stage_id, fencing_token, span_id, worker_id, outcome, error_code, error, ready_at, leased_at, settled_at)
    select id, fencing_token, span_id, worker_id, 'superseded', null, null, delivery_ready_at, leased_at, ${slot('now', 'int')}
    from stage where id ${idsIn('ids')} and status = 'running'`,
);

const endSkipped = statement<{ ids: number[]; now: number }>(
  ({ idsIn, slot }) => sql`
    update stage set
      outcome = case when status = 'running' then 'superseded' end,
      settled_at = case when status = 'running' then ${slot('now', 'int')} else settled_at end,
      output = null, error_code = null, error = null, status = 'skipped'
    where id ${idsIn('ids')}`,
);

const placeStages = rowsStatement<StagePlace & Record<string, unknown>>(
  {
    id: 'int',
    status: 'text',
    held: 'int',
    dependency_count: 'int',
    open_dependencies: 'int',
    run_at: 'int',
    ready_at: 'int',
    finished_at: 'int',
  } as never,
  (rows) => sql`
    with p(id, status, held, dependency_count, open_dependencies, run_at, ready_at, finished_at) as (${rows})
    update stage set
      status = p.status, held = p.held, dependency_count = p.dependency_count, open_dependencies = p.open_dependencies,
      run_at = p.run_at, ready_at = p.ready_at, finished_at = p.finished_at
    from p where stage.id = p.id`,
);

const resetStages = rowsStatement<{ id: number; span_id: string }>(
  { id: 'int', span_id: 'text' },
  (rows) => sql`
    with r(id, span_id) as (${rows})
    update stage set
      span_id = r.span_id, attempts = 0, expiries = 0, outcome = null, output = null, error_code = null, error = null,
      worker_id = null, pull_seq = null, leased_at = null, lease_expires_at = null, timeout_at = null, wake_at = null,
      settled_at = null, progress_ratio = null, progress_message = null, log_lines = 0
    from r where stage.id = r.id`,
);

const holdStages = statement<IdRange>(
  ({ slot }) => sql`
    update stage set held = 1
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')}
      and status in ('not_started', 'scheduled', 'pending', 'throttled', 'running', 'waiting')`,
);

/** What became ready before the pause counts its waiting on from there; what became ready in it, from now. */
const releaseStages = statement<IdRange & { pausedMs: number; now: number }, ReadyStage>(
  ({ slot, can }) => sql`
    update stage set held = 0,
      ready_at = case when status = 'pending' or status = 'waiting'
        then ${can.least(sql`ready_at + ${slot('pausedMs', 'int')}`, slot('now', 'int'))} else ready_at end
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')} and held = 1
    returning id, application_id, pipeline_id, name, handler, status, run_at, ready_at, pending_timeout_ms, held`,
);

const removed = (table: string, column: string) =>
  statement<{ ids: number[] }>(({ idsIn }) => sql`delete from ${sql.table(table)} where ${sql.ref(column)} ${idsIn('ids')}`);

/** A stage without a delivery of its own adds no name: what its id has delivered was another stage's. */
const rememberRemoved = statement<{ ids: number[]; now: number }>(
  ({ idsIn, slot }) => sql`
    insert into removed_stage (stage_id, fencing_token, name, removed_at, is_free)
    select id, fencing_token, name, ${slot('now', 'int')}, 1 from stage where id ${idsIn('ids')}
    on conflict (stage_id, fencing_token) do update set removed_at = excluded.removed_at, is_free = 1`,
);

/** Their attempts, logs and frozen spans stay: they tell what the run that is over did. */
const REMOVALS = [removed('stage_dependency', 'stage_id'), removed('stage_dependency', 'depends_on_id'), removed('stage', 'id')];

export const actionsOf = ({ db, run, runIds, runRows }: SqlContext): Actions => ({
  async pipelineState(id) {
    return (await run(pipelineState, { id }))[0];
  },
  graphStages: (range) => run(graphStages, range),
  graphEdges: (range) => run(graphEdges, range),
  async archiveSuperseded(ids, now) {
    await runIds(archiveSuperseded, { ids, now });
  },
  async removeStages(ids, now) {
    await runIds(rememberRemoved, { ids, now });
    for (const removal of REMOVALS) await runIds(removal, { ids });
  },
  async endSkipped(ids, now) {
    await runIds(endSkipped, { ids, now });
  },
  async placeStages(places) {
    await runRows(placeStages, places);
  },
  async resetStages(rows) {
    await runRows(resetStages, rows);
  },
  async holdStages(range) {
    await run(holdStages, range);
  },
  releaseStages: (range, pausedMs, now) => run(releaseStages, { ...range, pausedMs, now }),
  async setPipelineState(id, change) {
    await db.updateTable('pipeline').set(change).where('id', '=', id).execute();
  },
});
