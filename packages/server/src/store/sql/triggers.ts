import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, skipLocked, statement } from '../statement.js';
import type { DeliveredPipeline, Firing, HookRow, ScheduleProgress, ScheduleRow, Triggers } from '../store.js';

const dueSchedules = statement<{ now: number; limit: number }, ScheduleRow>(
  ({ slot, can }) => sql`
    select * from schedule
    where paused = 0 and next_fire_at <= ${slot('now', 'int')}
    order by next_fire_at
    limit ${slot('limit', 'int')} ${skipLocked(can)}`,
);

const nextFireAt = statement<{ now: number }, { at: number | null }>(
  ({ slot }) => sql`select min(next_fire_at) as at from schedule where paused = 0 and next_fire_at > ${slot('now', 'int')}`,
);

const takeFirings = rowsStatement<Firing & { fired_at: number }, Record<string, never>, Firing>(
  { schedule_id: 'int', fire_at: 'int', fired_at: 'int' },
  // `where true`: without it SQLite reads the conflict clause as a join constraint of the select
  (rows) => sql`
    with item(schedule_id, fire_at, fired_at) as (${rows})
    insert into schedule_firing (schedule_id, fire_at, fired_at)
    select schedule_id, fire_at, fired_at from item where true
    on conflict (schedule_id, fire_at) do nothing
    returning schedule_id, fire_at`,
);

const setFiringPipelines = rowsStatement<Firing & { pipeline_id: number }>(
  { schedule_id: 'int', fire_at: 'int', pipeline_id: 'int' },
  (rows) => sql`
    with u(schedule_id, fire_at, pipeline_id) as (${rows})
    update schedule_firing set pipeline_id = u.pipeline_id from u
    where schedule_firing.schedule_id = u.schedule_id and schedule_firing.fire_at = u.fire_at`,
);

const setScheduleProgress = rowsStatement<ScheduleProgress & Record<string, unknown>>(
  {
    id: 'int',
    decided_until: 'int',
    next_fire_at: 'int',
    last_fire_at: 'int',
    last_pipeline_id: 'int',
    missed: 'int',
    last_error: 'text',
  },
  (rows) => sql`
    with u(id, decided_until, next_fire_at, last_fire_at, last_pipeline_id, missed, last_error) as (${rows})
    update schedule set decided_until = u.decided_until, next_fire_at = u.next_fire_at, last_fire_at = u.last_fire_at,
      last_pipeline_id = u.last_pipeline_id, missed = u.missed, last_error = u.last_error
    from u where schedule.id = u.id`,
);

const takeDelivery = statement<{ hookId: number; deliveryId: string; now: number }, { hook_id: number }>(
  ({ slot }) => sql`
    insert into hook_delivery (hook_id, delivery_id, received_at)
    values (${slot('hookId', 'int')}, ${slot('deliveryId', 'text')}, ${slot('now', 'int')})
    on conflict (hook_id, delivery_id) do nothing
    returning hook_id`,
);

const setDeliveryPipeline = statement<{ hookId: number; deliveryId: string; pipelineId: number }>(
  ({ slot }) => sql`
    update hook_delivery set pipeline_id = ${slot('pipelineId', 'int')}
    where hook_id = ${slot('hookId', 'int')} and delivery_id = ${slot('deliveryId', 'text')}`,
);

/** In chunks, so that no commit holds up others for long. */
const pruneFirings = statement<{ before: number; limit: number }, { one: number }>(
  ({ slot }) => sql`
    delete from schedule_firing where (schedule_id, fire_at) in (
      select schedule_id, fire_at from schedule_firing where fired_at < ${slot('before', 'int')} limit ${slot('limit', 'int')})
    returning 1 as one`,
);

const pruneDeliveries = statement<{ before: number; limit: number }, { one: number }>(
  ({ slot }) => sql`
    delete from hook_delivery where (hook_id, delivery_id) in (
      select hook_id, delivery_id from hook_delivery where received_at < ${slot('before', 'int')} limit ${slot('limit', 'int')})
    returning 1 as one`,
);

export const triggersOf = (context: SqlContext): Triggers => ({ ...schedulesOf(context), ...hooksOf(context) });

type Schedules = Omit<Triggers, keyof Hooks>;

function schedulesOf({ db, can, run, runRows }: SqlContext): Schedules {
  return {
    scheduleNamed: (applicationId, name) =>
      db
        .selectFrom('schedule')
        .select('id')
        .where('application_id', '=', applicationId)
        .where('name', '=', name)
        .executeTakeFirst(),
    async insertSchedule(row) {
      await db.insertInto('schedule').values(row).execute();
    },
    scheduleToChange: (applicationId, id) =>
      db
        .selectFrom('schedule')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    async updateSchedule(id, change) {
      await db.updateTable('schedule').set(change).where('id', '=', id).execute();
    },
    async deleteSchedule(applicationId, id) {
      const gone = db.deleteFrom('schedule').where('application_id', '=', applicationId).where('id', '=', id).returning('id');
      return (await gone.execute()).length > 0;
    },
    dueSchedules: (now, limit) => run(dueSchedules, { now, limit }),
    async nextFireAt(now) {
      const [row] = await run(nextFireAt, { now });
      return row?.at ?? null;
    },
    takeFirings: (firings, now) =>
      runRows(
        takeFirings,
        firings.map((firing) => ({ ...firing, fired_at: now })),
      ),
    async setFiringPipelines(rows) {
      await runRows(setFiringPipelines, rows);
    },
    async setScheduleProgress(rows) {
      await runRows(setScheduleProgress, rows);
    },
    async pruneTriggers(before, limit) {
      const firings = await run(pruneFirings, { before, limit });
      const deliveries = await run(pruneDeliveries, { before, limit });
      return firings.length === limit || deliveries.length === limit;
    },
  };
}

type Hooks = Pick<
  Triggers,
  | 'hookNamed'
  | 'insertHook'
  | 'hookToChange'
  | 'updateHook'
  | 'deleteHook'
  | 'takeDelivery'
  | 'deliveredPipeline'
  | 'setDeliveryPipeline'
>;

function hooksOf({ db, can, run }: SqlContext): Hooks {
  return {
    hookNamed: (name) => db.selectFrom('hook').select('id').where('name', '=', name).executeTakeFirst(),
    async insertHook(row: HookRow) {
      await db.insertInto('hook').values(row).execute();
    },
    hookToChange: (applicationId, name) =>
      db
        .selectFrom('hook')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('name', '=', name)
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    async updateHook(id, change) {
      await db.updateTable('hook').set(change).where('id', '=', id).execute();
    },
    async deleteHook(applicationId, name) {
      const gone = db.deleteFrom('hook').where('application_id', '=', applicationId).where('name', '=', name).returning('id');
      return (await gone.execute()).length > 0;
    },
    takeDelivery: async (hookId, deliveryId, now) => (await run(takeDelivery, { hookId, deliveryId, now })).length > 0,
    deliveredPipeline: (hookId, deliveryId) => deliveredPipeline(db, hookId, deliveryId),
    async setDeliveryPipeline(hookId, deliveryId, pipelineId) {
      await run(setDeliveryPipeline, { hookId, deliveryId, pipelineId });
    },
  };
}

export const deliveredPipeline = (
  db: SqlContext['db'],
  hookId: number,
  deliveryId: string,
): Promise<DeliveredPipeline | undefined> =>
  db
    .selectFrom('hook_delivery as d')
    .innerJoin('pipeline as p', 'p.id', 'd.pipeline_id')
    .select(['p.id', 'p.trace_id', 'p.status'])
    .where('d.hook_id', '=', hookId)
    .where('d.delivery_id', '=', deliveryId)
    .executeTakeFirst();
