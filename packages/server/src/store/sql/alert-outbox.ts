import { sql } from 'kysely';
import type { AlertOutbox, AlertOutboxTable, AlertRun, AlertSubjectRow } from '../alert-outbox-rows.js';
import type { Flag } from '../rows.js';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, statement } from '../statement.js';

const wanted = statement<{ applications: number[]; pipelines: number[] }, { application_id: number; events: string }>(
  ({ slot, idsIn, can }) => sql`
    select distinct application_id, events from alert_rule where enabled = 1 and application_id in (
      select item from ${can.eachId(slot('applications'))} a
      union select p.application_id from pipeline p where p.id ${idsIn('pipelines')})`,
);

const OF_PIPELINE = sql`
  p.id as pipeline_id, p.name as pipeline, p.application_id, a.name as application, p.environment, p.version, p.trace_id, p.keywords`;

const stages = statement<{ ids: number[] }, AlertSubjectRow>(
  ({ idsIn }) => sql`
    select s.id as stage_id, s.name as stage, s.handler, s.attempts, s.error_code, s.error, s.run_next_if_failed, s.notify_on_failure,
      ${OF_PIPELINE}
    from stage s join pipeline p on p.id = s.pipeline_id join application a on a.id = p.application_id
    where s.id ${idsIn('ids')} order by s.id`,
);

const pipelines = statement<{ ids: number[] }, AlertSubjectRow>(
  ({ idsIn }) => sql`
    select null as stage_id, null as stage, null as handler, null as attempts, null as error_code, null as error,
      null as run_next_if_failed, null as notify_on_failure, ${OF_PIPELINE}
    from pipeline p join application a on a.id = p.application_id
    where p.id ${idsIn('ids')} order by p.id`,
);

/** With the failure that ended it: of stages that it could not live without, the first one. Its handler is not the pipeline's. */
const failedPipelines = rowsStatement<
  { id: number; first_stage: number; behind_stages: number },
  Record<string, never>,
  AlertSubjectRow
>(
  { id: 'int', first_stage: 'int', behind_stages: 'int' },
  (rows) => sql`
    with t(id, first_stage, behind_stages) as (${rows})
    select s.id as stage_id, s.name as stage, null as handler, s.attempts, s.error_code, s.error,
      s.run_next_if_failed, null as notify_on_failure, ${OF_PIPELINE}
    from t join pipeline p on p.id = t.id join application a on a.id = p.application_id
    left join stage s on s.id = (
      select f.id from stage f where f.id >= t.first_stage and f.id < t.behind_stages and f.status = 'failed'
      order by f.run_next_if_failed, f.finished_at, f.id limit 1)
    order by p.id`,
);

const flag = (holds: ReturnType<typeof sql>) => sql`case when ${holds} then 1 else 0 end`;

/** By the index of unresolved incidents, which is empty as long as all is well. */
const unresolved = (of: ReturnType<typeof sql>) => sql`
  exists (
    select 1 from alert_incident i
    where i.application_id = t.application_id and i.pipeline = t.pipeline and ${of} and i.status <> 'resolved'
      and (i.event = 'pipeline_failed' or i.event = 'dead_letter' or i.event = 'stage_failed'))`;

const waiting = (of: ReturnType<typeof sql>) => sql`
  exists (
    select 1 from alert_outbox_failure f where f.application_id = t.application_id and f.pipeline = t.pipeline ${of})`;

/** One statement, for a failure goes from the outbox to its incident in one transaction. */
const failingNames = rowsStatement<
  { application_id: number; pipeline: string },
  Record<string, never>,
  { application_id: number; pipeline: string; by_name: Flag; by_run: Flag }
>(
  { application_id: 'int', pipeline: 'text' },
  (rows) => sql`
    with t(application_id, pipeline) as (${rows}),
    s as (
      select t.application_id, t.pipeline, ${flag(waiting(sql``))} as waits,
        ${flag(unresolved(sql`i.pipeline_id is null`))} as by_name, ${flag(unresolved(sql`i.pipeline_id is not null`))} as by_run
      from t)
    select application_id, pipeline, case when waits = 1 then 1 else by_name end as by_name,
      case when waits = 1 then 1 else by_run end as by_run
    from s where waits = 1 or by_name = 1 or by_run = 1`,
);

const failingRuns = rowsStatement<AlertRun & Record<string, unknown>, Record<string, never>, { pipeline_id: number }>(
  { application_id: 'int', pipeline: 'text', pipeline_id: 'int' } as never,
  (rows) => sql`
    with t(application_id, pipeline, pipeline_id) as (${rows})
    select t.pipeline_id from t
    where ${waiting(sql`and f.pipeline_id = t.pipeline_id`)} or ${unresolved(sql`i.pipeline_id = t.pipeline_id`)}`,
);

const write = statement<{ payload: string; now: number }, { id: number }>(
  ({ slot }) => sql`
    insert into alert_outbox (payload, written_at) values (${slot('payload', 'text')}, ${slot('now', 'int')}) returning id`,
);

const writeFailures = rowsStatement<AlertRun & Record<string, unknown>, { outbox: number }>(
  { application_id: 'int', pipeline: 'text', pipeline_id: 'int' } as never,
  (rows, { slot }) => sql`
    insert into alert_outbox_failure (outbox_id, application_id, pipeline, pipeline_id)
    with t(application_id, pipeline, pipeline_id) as (${rows})
    select ${slot('outbox', 'int')}, t.application_id, t.pipeline, t.pipeline_id from t`,
);

/** Who comes while another server takes rows waits for it, and finds nothing: a recovery is not looked at before its failure. */
const take = statement<{ limit: number }, AlertOutboxTable>(
  ({ slot }) => sql`
    delete from alert_outbox where id in (select id from alert_outbox order by id limit ${slot('limit', 'int')})
    returning id, payload, written_at`,
);

const takeFailures = statement<{ ids: number[] }>(
  ({ idsIn }) => sql`delete from alert_outbox_failure where outbox_id ${idsIn('ids')}`,
);

export const alertOutboxOf = ({ db, run, runIds, runRows }: SqlContext): AlertOutbox => ({
  wantedAlerts: (of) => run(wanted, of),
  alertStages: (ids) => runIds(stages, { ids }),
  alertPipelines: (ids) => runIds(pipelines, { ids }),
  failedAlertPipelines: (runs) => runRows(failedPipelines, runs),
  failingPipelines: (names) => runRows(failingNames, names),
  failingRuns: async (runs) => (await runRows(failingRuns, runs)).map(({ pipeline_id }) => pipeline_id),
  async writeAlerts(rows, now) {
    for (const { payload, failures } of rows) {
      const [written] = await run(write, { payload, now });
      await runRows(writeFailures, failures, { outbox: written?.id as number });
    }
  },
  async takeAlerts(limit) {
    const rows = await run(take, { limit });
    await runIds(takeFailures, { ids: rows.map(({ id }) => id) });
    return rows.sort((one, other) => one.id - other.id);
  },
  async parkAlert(row) {
    await db
      .insertInto('alert_parked')
      .values(row as never)
      .execute();
  },
});
