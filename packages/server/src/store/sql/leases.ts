import { type RawBuilder, sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { type BuildContext, rowsStatement, skipLocked, statement } from '../statement.js';
import type {
  ClaimedStage,
  ContextRow,
  DependencyOutput,
  Leases,
  Ms,
  NewDelivery,
  StageOutput,
  StartedDelivery,
} from '../store.js';
import { getState } from './state.js';

const TOKEN_FLOOR = 'token_floor';

const CLAIMED = sql`
  s.id, s.application_id, s.pipeline_id, s.name, s.handler, s.span_id, s.fencing_token, s.attempts, s.max_attempts, s.timeout_ms,
  s.reference_positions, s.dependency_count, s.lease_expires_at, s.timeout_at, s.run_next_if_failed, s.ready_at, s.priority,
  coalesce(octet_length(s.input), 0) as input_bytes,
  case when s.dependency_count = 0 then 0 else (
    select coalesce(sum(octet_length(o.output)), 0) from stage_dependency d join stage o on o.id = d.depends_on_id
    where d.stage_id = s.id) end
  + case when p.has_context = 0 then 0 else (
    select coalesce(sum(octet_length(c.value)), 0) from context_item c where c.pipeline_id = p.id) end as payload_bytes,
  p.name as pipeline_name, p.trace_id, p.trace_flags, p.tracestate, p.has_context`;

type Claim = { applicationId: number; handlers: string[]; limit: number };

/** Literals, not arguments, in the status: the partial index serves only those. */
const ready = ({ slot }: BuildContext<Claim>, columns: RawBuilder<unknown>, handler: RawBuilder<unknown>) => sql`
  select ${columns} from stage r
  where r.application_id = ${slot('applicationId', 'int')} and r.handler = ${handler} and r.status = 'pending' and r.held = 0
  order by r.priority desc, r.run_at, r.id
  limit ${slot('limit', 'int')}`;

/**
 * The best `limit` rows of each handler, each read off the ready index in order, then merged. `handler in (…)` alone would sort
 * everything that is ready.
 */
const claim = statement<Claim, ClaimedStage>((context) => {
  const { slot, can } = context;
  const handlers = can.each(slot('handlers'));
  const inOrder = sql`order by s.priority desc, s.run_at, s.id limit ${slot('limit', 'int')}`;
  if (!can.rowLocks) {
    return sql`
      select ${CLAIMED}
      from ${handlers} as h
      cross join stage s on s.id in (${ready(context, sql`r.id`, sql`h.item`)})
      join pipeline p on p.id = s.pipeline_id
      ${inOrder}`;
  }
  // Materialized: a plan that evaluates the locking part twice would claim more than the limit.
  return sql`
    with best as materialized (
      select r.id, r.priority, r.run_at
      from ${handlers} as h
      cross join lateral (${ready(context, sql`r.id, r.priority, r.run_at`, sql`h.item`)} ${skipLocked(can)}) r
      order by r.priority desc, r.run_at, r.id
      limit ${slot('limit', 'int')})
    select ${CLAIMED}
    from best
    join stage s on s.id = best.id
    join pipeline p on p.id = s.pipeline_id
    ${inOrder}`;
});

/** One handler needs no merge: the index order is the answer. For stores that lock no rows. */
const claimOneHandler = statement<{ applicationId: number; handler: string; limit: number }, ClaimedStage>(
  ({ slot }) => sql`
    select ${CLAIMED}
    from stage s
    join pipeline p on p.id = s.pipeline_id
    where s.application_id = ${slot('applicationId', 'int')} and s.handler = ${slot('handler', 'text')}
      and s.status = 'pending' and s.held = 0
    order by s.priority desc, s.run_at, s.id
    limit ${slot('limit', 'int')}`,
);

const archiveDeliveries = statement<{ ids: number[] }>(
  ({ idsIn }) => sql`
    insert into stage_attempt
      (stage_id, fencing_token, span_id, worker_id, outcome, error_code, error, ready_at, leased_at, settled_at)
    select id, fencing_token, span_id, worker_id, outcome, error_code, error, delivery_ready_at, leased_at, settled_at
    from stage where id ${idsIn('ids')} and fencing_token > 0 and outcome is not null`,
);

/** pending to running: the next token, a fresh lease, the timeout counted from now. */
const startDeliveries = rowsStatement<
  NewDelivery & Record<string, unknown>,
  { now: number; leaseExpiresAt: number; tokenFloor: number },
  StartedDelivery
>({ id: 'int', worker_id: 'int', pull_seq: 'int' }, (rows, { slot, can }) => {
  const now = slot('now', 'int');
  const lease = slot('leaseExpiresAt', 'int');
  const timeout = sql`${now} + stage.timeout_ms`;
  // With several writers the group that made it ready may have begun after this one, and have committed before it.
  const leasedAt = can.greatest(now, sql`stage.ready_at`);
  return sql`
    with d(id, worker_id, pull_seq) as (${rows})
    update stage set
      status = 'running', fencing_token = ${can.greatest(sql`stage.fencing_token`, slot('tokenFloor', 'int'))} + 1, outcome = null,
      worker_id = d.worker_id, pull_seq = d.pull_seq, leased_at = ${leasedAt}, lease_expires_at = ${lease}, timeout_at = ${timeout},
      wake_at = ${can.least(lease, timeout)}, delivery_ready_at = ready_at, settled_at = null, error_code = null, error = null,
      progress_ratio = null, progress_message = null
    from d
    where stage.id = d.id and stage.status = 'pending'
    returning stage.id, stage.input, stage.fencing_token`;
});

const deliveriesOfPulls = statement<{ workerId: number; pullSeqs: number[] }, ClaimedStage>(
  ({ slot, idsIn }) => sql`
    select ${CLAIMED}
    from stage s
    join pipeline p on p.id = s.pipeline_id
    where s.status = 'running' and s.worker_id = ${slot('workerId', 'int')} and s.pull_seq ${idsIn('pullSeqs')}
    order by s.id`,
);

const inputs = statement<{ ids: number[] }, { id: number; input: string | null }>(
  ({ idsIn }) => sql`select id, input from stage where id ${idsIn('ids')}`,
);

const dependencies = ({ idsIn }: BuildContext<{ ids: number[] }>, output: RawBuilder<unknown>) => sql<DependencyOutput>`
    select d.stage_id, d.depends_on_id, s.name, s.handler, ${output} as output
    from stage_dependency d
    join stage s on s.id = d.depends_on_id
    where d.stage_id ${idsIn('ids')}
    order by d.stage_id, s.id`;

const dependencyOutputs = statement<{ ids: number[] }, DependencyOutput>((context) =>
  dependencies(context, sql`case when s.status = 'completed' then s.output end`),
);

/** A join of thousands may have gigabytes of outputs: what travels by reference is not read. */
const dependencyNames = statement<{ ids: number[] }, DependencyOutput>((context) => dependencies(context, sql`null`));

const outputsOf = statement<{ ids: number[] }, StageOutput>(
  ({ idsIn }) => sql`select id, name, status, output from stage where id ${idsIn('ids')}`,
);

const contextOf = statement<{ ids: number[] }, ContextRow>(
  ({ idsIn }) => sql`
    select pipeline_id, key, value, sensitive, updated_at from context_item where pipeline_id ${idsIn('ids')}
    order by pipeline_id, key`,
);

const setLastPullSeq = rowsStatement<{ workerId: number; pullSeq: number }>(
  { workerId: 'int', pullSeq: 'int' },
  (rows) => sql`
    with p(id, seq) as (${rows})
    update worker_pull set last_pull_seq = p.seq from p where worker_pull.worker_id = p.id and worker_pull.last_pull_seq < p.seq`,
);

export const leasesOf = (context: SqlContext): Leases => {
  const { run, runRows, runIds, can } = context;
  return {
    claim({
      applicationId,
      handlers,
      limit,
    }: {
      applicationId: number;
      handlers: string[];
      limit: number;
    }): Promise<ClaimedStage[]> {
      const [only] = handlers;
      if (!can.rowLocks && handlers.length === 1 && only !== undefined)
        return run(claimOneHandler, { applicationId, handler: only, limit });
      return run(claim, { applicationId, handlers, limit });
    },
    async archiveDeliveries(stageIds: number[]): Promise<void> {
      await runIds(archiveDeliveries, { ids: stageIds });
    },
    startDeliveries(rows: NewDelivery[], lease: { now: Ms; leaseExpiresAt: Ms; tokenFloor: number }): Promise<StartedDelivery[]> {
      return runRows(startDeliveries, rows, lease);
    },
    deliveriesOfPulls(workerId: number, pullSeqs: number[]): Promise<ClaimedStage[]> {
      return run(deliveriesOfPulls, { workerId, pullSeqs });
    },
    inputs(stageIds: number[]): Promise<{ id: number; input: string | null }[]> {
      return runIds(inputs, { ids: stageIds });
    },
    dependencyOutputs(stageIds: number[]): Promise<DependencyOutput[]> {
      return runIds(dependencyOutputs, { ids: stageIds });
    },
    dependencyNames(stageIds: number[]): Promise<DependencyOutput[]> {
      return runIds(dependencyNames, { ids: stageIds });
    },
    outputsOf(stageIds: number[]): Promise<StageOutput[]> {
      return runIds(outputsOf, { ids: stageIds });
    },
    contextOf(pipelineIds: number[]): Promise<ContextRow[]> {
      return runIds(contextOf, { ids: pipelineIds });
    },
    async setLastPullSeq(rows: { workerId: number; pullSeq: number }[]): Promise<void> {
      await runRows(setLastPullSeq, rows);
    },
    async tokenFloor(): Promise<number> {
      return Number((await getState(context, TOKEN_FLOOR)) ?? 0);
    },
  };
};
