import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, rowsStatement, statement } from '../statement.js';
import type {
  AppliedChange,
  AttemptRow,
  BlockedRow,
  CompletedRow,
  Completion,
  CountedPipeline,
  CounterDelta,
  DeliveryRow,
  Ms,
  ReadyStage,
  Settles,
  StageChange,
} from '../store.js';
import { readyStatus } from './waits.js';

const DELIVERY = sql`
  id, application_id, pipeline_id, name, handler, status, fencing_token, outcome, worker_id, attempts, max_attempts, expiries,
  backoff, run_next_if_failed, fail_if_output_empty, lease_expires_at, timeout_at, leased_at, delivery_ready_at, log_lines, error_code,
  spawned_by_id, span_id`;

const lockPipelines = statement<{ ids: number[] }>(
  ({ idsIn }) => sql`select id from pipeline where id ${idsIn('ids')} order by id for no key update`,
);

const deliveries = statement<{ ids: number[] }, DeliveryRow>(
  ({ idsIn, can }) => sql`select ${DELIVERY} from stage where id ${idsIn('ids')} order by id ${forUpdate(can)}`,
);

/**
 * complete: the holder's own ack of a running stage, compared and set without reading it first. What it leaves untouched — lost
 * leases, repetitions, a missing output that counts — is for the slower path that reads and decides.
 */
const completeDeliveries = rowsStatement<Completion & Record<string, unknown>, { now: number }, CompletedRow>(
  { id: 'int', fencing_token: 'int', worker_id: 'int', application_id: 'int', output: 'text', is_empty: 'int' } as never,
  (rows, { slot }) => sql`
    with a(id, token, worker_id, application_id, output, is_empty) as (${rows})
    update stage set
      status = 'completed', outcome = 'completed', attempts = stage.attempts + 1, expiries = 0, output = a.output,
      settled_at = ${slot('now', 'int')}, finished_at = ${slot('now', 'int')}
    from a
    where stage.id = a.id and stage.status = 'running' and stage.fencing_token = a.token and stage.worker_id = a.worker_id
      and stage.application_id = a.application_id and (a.is_empty = 0 or stage.fail_if_output_empty = 0)
    returning stage.id, stage.application_id, stage.pipeline_id, stage.name, stage.handler, stage.fencing_token, stage.worker_id,
      stage.attempts, stage.leased_at, stage.delivery_ready_at, stage.spawned_by_id, stage.span_id`,
);

const archivedOutcomes = rowsStatement<
  { id: number; fencingToken: number },
  Record<string, never>,
  Pick<AttemptRow, 'stage_id' | 'fencing_token' | 'outcome' | 'error_code'>
>(
  { id: 'int', fencingToken: 'int' },
  (rows) => sql`
    with ref(id, token) as (${rows})
    select a.stage_id, a.fencing_token, a.outcome, a.error_code
    from ref join stage_attempt a on a.stage_id = ref.id and a.fencing_token = ref.token`,
);

/** Compare and set: zero rows is an answer, never an overwrite. */
const applyChanges = rowsStatement<StageChange & Record<string, unknown>, Record<string, never>, AppliedChange>(
  {
    id: 'int',
    from: 'text',
    fencingToken: 'int',
    to: 'text',
    outcome: 'text',
    attempts: 'int',
    expiries: 'int',
    runAt: 'int',
    readyAt: 'int',
    output: 'text',
    errorCode: 'text',
    error: 'text',
    settledAt: 'int',
    finishedAt: 'int',
  } as never,
  (rows) => sql`
    with c(id, from_status, token, to_status, outcome, attempts, expiries, run_at, ready_at, output, error_code, error, settled_at,
      finished_at) as (${rows})
    update stage set
      status = c.to_status, outcome = c.outcome, attempts = c.attempts, expiries = c.expiries, run_at = coalesce(c.run_at, stage.run_at),
      ready_at = coalesce(c.ready_at, stage.ready_at), output = c.output, error_code = c.error_code, error = c.error,
      settled_at = c.settled_at, finished_at = c.finished_at
    from c
    where stage.id = c.id and stage.status = c.from_status and stage.fencing_token = c.token
    returning stage.id, stage.held, stage.pending_timeout_ms`,
);

/**
 * Subtracts the SUM of the satisfied edges of the group, whatever the dependent's state: two dependencies that settle in one group
 * count twice, and a blocked stage keeps counting. A stage with none left starts: due at the later of its runAt and now + delay.
 */
const satisfyDependents = statement<{ ids: number[]; now: number }, ReadyStage>(({ idsIn, slot, can }) => {
  const now = slot('now', 'int');
  const due = can.greatest(sql`coalesce(stage.not_before, 0)`, sql`${now} + coalesce(stage.delay_ms, 0)`);
  const starts = sql`stage.status = 'not_started' and stage.open_dependencies = e.satisfied`;
  return sql`
    with e(stage_id, satisfied) as (
      select stage_id, count(*) from stage_dependency where depends_on_id ${idsIn('ids')} group by stage_id)
    update stage set
      open_dependencies = stage.open_dependencies - e.satisfied,
      run_at = case when ${starts} then ${due} else stage.run_at end,
      ready_at = case when ${starts} and ${due} <= ${now} then ${now} else stage.ready_at end,
      status = case when ${starts} then case when ${due} <= ${now} then ${readyStatus} else 'scheduled' end else stage.status end
    from e
    where stage.id = e.stage_id
    returning stage.id, stage.application_id, stage.pipeline_id, stage.name, stage.handler, stage.status, stage.run_at,
      stage.ready_at, stage.pending_timeout_ms, stage.held`;
});

/** Not through stages that have run: after a rerun of one before them, what depends on their output still has it. */
const blockDependents = statement<{ ids: number[] }, BlockedRow>(
  ({ idsIn }) => sql`
    with recursive down(id) as (
      select s.id from stage_dependency d join stage s on s.id = d.stage_id
      where d.depends_on_id ${idsIn('ids')} and s.status = 'not_started'
      union
      select s.id from down join stage_dependency d on d.depends_on_id = down.id join stage s on s.id = d.stage_id
      where s.status = 'not_started')
    update stage set status = 'blocked'
    where id in (select id from down) and status = 'not_started'
    returning id, application_id, pipeline_id, name, handler`,
);

/** The counters make "is this pipeline over, and how?" a decision of constant time. */
const countStages = rowsStatement<CounterDelta & Record<string, unknown>, { now: number }, CountedPipeline>(
  {
    pipelineId: 'int',
    open: 'int',
    completed: 'int',
    failed: 'int',
    tolerated: 'int',
    cancelled: 'int',
    blocked: 'int',
  } as never,
  (rows, { slot }) => {
    const over = sql`pipeline.status in ('running', 'paused') and pipeline.stages_open + d.open_stages = 0`;
    const broken = sql`pipeline.stages_failed + d.failed + pipeline.stages_blocked + d.blocked + pipeline.stages_cancelled > 0`;
    return sql`
      with d(pipeline_id, open_stages, completed, failed, tolerated, cancelled, blocked) as (${rows})
      update pipeline set
        stages_open = stages_open + d.open_stages, stages_completed = stages_completed + d.completed,
        stages_failed = stages_failed + d.failed, stages_tolerated = stages_tolerated + d.tolerated,
        stages_cancelled = stages_cancelled + d.cancelled, stages_blocked = stages_blocked + d.blocked,
        finished_at = case when ${over} then ${slot('now', 'int')} else finished_at end,
        status = case when ${over} then case when ${broken} then 'failed' else 'completed' end else status end
      from d
      where pipeline.id = d.pipeline_id
      returning pipeline.id, pipeline.application_id, pipeline.name, pipeline.status, pipeline."trigger", pipeline.run,
        pipeline.created_at, pipeline.started_at, pipeline.stages_completed, pipeline.trace_id,
        pipeline.trace_flags, case when pipeline.status in ('completed', 'failed') and pipeline.stages_open = 0 then 1 else 0 end as ended`;
  },
);

const extendLeases = rowsStatement<
  { id: number; fencing_token: number; worker_id: number },
  { leaseExpiresAt: number },
  { id: number; fencing_token: number; worker_id: number }
>({ id: 'int', fencing_token: 'int', worker_id: 'int' }, (rows, { slot, can }) => {
  const end = slot('leaseExpiresAt', 'int');
  return sql`
    with r(id, token, worker_id) as (${rows})
    update stage set lease_expires_at = ${end}, wake_at = ${can.least(sql`stage.timeout_at`, end)}
    from r
    where stage.id = r.id and stage.status = 'running' and stage.fencing_token = r.token and stage.worker_id = r.worker_id
    returning stage.id, stage.fencing_token, stage.worker_id`;
});

export const settlesOf = ({ runRows, runIds, can }: SqlContext): Settles => {
  return {
    deliveries(stageIds: number[]): Promise<DeliveryRow[]> {
      return runIds(deliveries, { ids: stageIds });
    },
    completeDeliveries(rows: Completion[], now: Ms): Promise<CompletedRow[]> {
      return runRows(completeDeliveries, rows, { now });
    },
    archivedOutcomes(
      refs: { id: number; fencingToken: number }[],
    ): Promise<Pick<AttemptRow, 'stage_id' | 'fencing_token' | 'outcome' | 'error_code'>[]> {
      return runRows(archivedOutcomes, refs);
    },
    applyChanges(changes: StageChange[]): Promise<AppliedChange[]> {
      return runRows(applyChanges, changes);
    },
    satisfyDependents(stageIds: number[], now: Ms): Promise<ReadyStage[]> {
      return runIds(satisfyDependents, { ids: stageIds, now });
    },
    blockDependents(stageIds: number[]): Promise<BlockedRow[]> {
      return runIds(blockDependents, { ids: stageIds });
    },
    countStages(deltas: CounterDelta[], now: Ms): Promise<CountedPipeline[]> {
      return runRows(countStages, deltas, { now });
    },
    extendLeases(
      refs: { id: number; fencing_token: number; worker_id: number }[],
      leaseExpiresAt: Ms,
    ): Promise<{ id: number; fencing_token: number; worker_id: number }[]> {
      return runRows(extendLeases, refs, { leaseExpiresAt });
    },
    async lockPipelines(ids: number[]): Promise<void> {
      if (can.rowLocks) await runIds(lockPipelines, { ids });
    },
  };
};
