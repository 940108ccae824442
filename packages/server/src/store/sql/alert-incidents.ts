import { sql } from 'kysely';
import type { AlertAttempt, AlertDeliveryRow, AlertIncidentRow, AlertRun, Alerts } from '../alert-rows.js';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, rowsStatement, skipLocked, statement } from '../statement.js';

type Incidents = Pick<
  Alerts,
  | 'incidentsToChange'
  | 'incidentToChange'
  | 'insertIncidents'
  | 'updateIncident'
  | 'endFailures'
  | 'isFailing'
  | 'dueIncidents'
  | 'alertConditions'
  | 'saveAlertConditions'
  | 'deleteAlertConditions'
>;
type Deliveries = Pick<
  Alerts,
  | 'insertAlertDeliveries'
  | 'triggersOf'
  | 'pendingAlerts'
  | 'claimAlerts'
  | 'settleAlerts'
  | 'releaseAlerts'
  | 'releaseAllAlerts'
  | 'noteChannel'
  | 'alertDeliveryToChange'
  | 'isToldLater'
  | 'updateAlertDelivery'
  | 'pruneAlerts'
>;

/** Rows of one insert: 23 columns each, of the arguments that a statement may have. */
const ROWS = 200;

const due = statement<{ now: number; limit: number }, AlertIncidentRow>(
  ({ slot, can }) => sql`
    select * from alert_incident
    where id in (
      select id from (
        select id from (select id from alert_incident where notify_at <= ${slot('now', 'int')} order by notify_at limit ${slot('limit', 'int')}) n
        union select id from (select id from alert_incident where resolve_at <= ${slot('now', 'int')} order by resolve_at limit ${slot('limit', 'int')}) r
      ) as due)
    order by id ${forUpdate(can)}`,
);

/** The cross joins keep SQLite to the index of rule and key: it would read all open ones of a rule. */
const toChange = statement<{ rules: number[]; keys: string[] }, AlertIncidentRow>(
  ({ slot, can }) => sql`
    select * from alert_incident
    where id in (
        select i.id from ${can.eachId(slot('rules'))} r cross join ${can.each(slot('keys'))} k cross join alert_incident i
        where i.rule_id = r.item and i.group_key = k.item and i.status <> 'resolved')
      and status <> 'resolved'
    order by id ${forUpdate(can)}`,
);

/** Those of the name and those of the run, each by the index: an `or` would read all runs of the name. */
const endFailures = statement<AlertRun & { now: number }, { id: number }>(({ slot }) => {
  const some = (which: ReturnType<typeof sql>) => sql`
    select id from alert_incident
    where application_id = ${slot('application_id', 'int')} and pipeline = ${slot('pipeline', 'text')} and ${which}
      and status <> 'resolved' and (event = 'pipeline_failed' or event = 'dead_letter' or event = 'stage_failed')`;
  return sql`
    update alert_incident set
      status = 'resolved', resolved_at = ${slot('now', 'int')}, resolved_by = 'system', resolve_at = null,
      notify_at = case when notified > 0 then ${slot('now', 'int')} end
    where id in (${some(sql`pipeline_id is null`)} union all ${some(sql`pipeline_id = ${slot('pipeline_id', 'int')}`)})
      and status <> 'resolved'
    returning id`;
});

const failing = statement<{ application_id: number; pipeline: string; ids: number[] }, { id: number }>(
  ({ slot, idsIn }) => sql`
    select id from alert_incident
    where application_id = ${slot('application_id', 'int')} and pipeline = ${slot('pipeline', 'text')}
      and event = 'pipeline_failed' and rule_id ${idsIn('ids')} and status <> 'resolved'
    limit 1`,
);

const claim = statement<{ channel: number; holder: string; heldUntil: number; now: number; limit: number }, AlertDeliveryRow>(
  ({ slot, can }) => sql`
    update alert_delivery set holder = ${slot('holder', 'text')}, held_until = ${slot('heldUntil', 'int')}
    where id in (
      select d.id from alert_delivery d
      where d.channel_id = ${slot('channel', 'int')} and d.state = 'pending' and d.next_try_at <= ${slot('now', 'int')}
        and d.held_until <= ${slot('now', 'int')}
        and not exists (
          select 1 from alert_delivery e
          where e.channel_id = d.channel_id and e.incident_id = d.incident_id and e.state = 'pending' and e.id < d.id)
      order by d.next_try_at, d.id limit ${slot('limit', 'int')} ${skipLocked(can)})
    returning *`,
);

const settle = rowsStatement<AlertAttempt & Record<string, unknown>, { holder: string }, { id: number }>(
  { id: 'int', state: 'text', next_try_at: 'int', last_status: 'int', last_answer: 'text', settled_at: 'int' } as never,
  (rows, { slot }) => sql`
    with t(id, state, next_try_at, last_status, last_answer, settled_at) as (${rows})
    update alert_delivery set
      state = t.state, next_try_at = t.next_try_at, last_status = t.last_status, last_answer = t.last_answer, settled_at = t.settled_at,
      attempts = alert_delivery.attempts + 1, holder = null, held_until = 0
    from t where alert_delivery.id = t.id and alert_delivery.holder = ${slot('holder', 'text')} and alert_delivery.state = 'pending'
    returning alert_delivery.id`,
);

const triggers = statement<{ ids: number[] }, { incident_id: number; channel_id: number }>(
  ({ idsIn }) => sql`
    select distinct incident_id, channel_id from alert_delivery
    where incident_id ${idsIn('ids')} and action = 'trigger' order by incident_id, channel_id`,
);

const release = statement<{ ids: number[]; holder: string }>(
  ({ idsIn, slot }) => sql`
    update alert_delivery set holder = null, held_until = 0
    where id ${idsIn('ids')} and state = 'pending' and holder = ${slot('holder', 'text')}`,
);

const releaseAll = statement<Record<string, never>>(
  () => sql`update alert_delivery set holder = null, held_until = 0 where state = 'pending' and holder is not null`,
);

export const alertIncidentsOf = (context: SqlContext): Incidents & Deliveries => ({
  ...incidentsOf(context),
  ...conditionsOf(context),
  ...deliveriesOf(context),
});

function incidentsOf({ db, can, run }: SqlContext) {
  const locked = () =>
    db
      .selectFrom('alert_incident')
      .selectAll()
      .$if(can.rowLocks, (query) => query.forUpdate());
  return {
    async incidentsToChange(ruleIds, keys) {
      if (ruleIds.length === 0) return [];
      return run(toChange, { rules: ruleIds, keys });
    },
    incidentToChange: (applicationId, id) =>
      locked().where('application_id', '=', applicationId).where('id', '=', id).executeTakeFirst(),
    async insertIncidents(rows) {
      for (let at = 0; at < rows.length; at += ROWS)
        await db
          .insertInto('alert_incident')
          .values(rows.slice(at, at + ROWS))
          .execute();
    },
    async updateIncident(id, changes) {
      await db.updateTable('alert_incident').set(changes).where('id', '=', id).execute();
    },
    endFailures: async (of, now) => (await run(endFailures, { ...of, now })).length > 0,
    isFailing: async (of, ids) => ids.length > 0 && (await run(failing, { ...of, ids })).length > 0,
    dueIncidents: (now, limit) => run(due, { now, limit }),
  } satisfies Partial<Incidents>;
}

function conditionsOf({ db, can }: SqlContext) {
  return {
    alertConditions: (ruleId) => db.selectFrom('alert_condition').selectAll().where('rule_id', '=', ruleId).execute(),
    async saveAlertConditions(rows) {
      for (const { rule_id, key, ...values } of rows)
        await db
          .insertInto('alert_condition')
          .values({ rule_id, key, ...values })
          .onConflict((conflict) => conflict.columns(['rule_id', 'key']).doUpdateSet(values))
          .execute();
    },
    async deleteAlertConditions(ruleId, keys) {
      if (keys.length === 0) return;
      await db
        .deleteFrom('alert_condition')
        .where('rule_id', '=', ruleId)
        .where(sql<boolean>`key in (select item from ${can.each(sql`${can.array(keys)}`)} as k)`)
        .execute();
    },
  } satisfies Partial<Incidents>;
}

function deliveriesOf(context: SqlContext): Deliveries {
  const { db, can, run, runRows, runIds } = context;
  return {
    async insertAlertDeliveries(rows) {
      for (let at = 0; at < rows.length; at += ROWS)
        await db
          .insertInto('alert_delivery')
          .values(rows.slice(at, at + ROWS))
          .execute();
    },
    triggersOf: (ids) => runIds(triggers, { ids }),
    async pendingAlerts(channelIds) {
      if (channelIds.length === 0) return [];
      const rows = await db
        .selectFrom('alert_delivery')
        .select((eb) => ['channel_id', eb.fn.countAll<number>().as('count')])
        .where('channel_id', 'in', channelIds)
        .where(sql<boolean>`state = 'pending'`) // not as a parameter: the index is of these alone
        .groupBy('channel_id')
        .execute();
      return rows.map(({ channel_id, count }) => ({ channel_id, count: Number(count) }));
    },
    async claimAlerts(channelId, { holder, heldUntil, now, limit }) {
      const channel = await db
        .selectFrom('alert_channel')
        .selectAll()
        .where('id', '=', channelId)
        .where('enabled', '=', 1)
        .where((eb) => eb.or([eb('retry_at', 'is', null), eb('retry_at', '<=', now)]))
        .$if(can.rowLocks, (query) => query.forUpdate()) // one claim at a time: the order of an incident depends on it
        .executeTakeFirst();
      if (!channel) return undefined;
      const rows = await run(claim, { channel: channelId, holder, heldUntil, now, limit });
      return { channel, rows: rows.sort((one, other) => one.id - other.id) };
    },
    settleAlerts: async (attempts, holder) => (await runRows(settle, attempts, { holder })).map(({ id }) => id),
    async releaseAlerts(ids, holder) {
      await runIds(release, { ids, holder });
    },
    async releaseAllAlerts() {
      await run(releaseAll, {});
    },
    async noteChannel(id, { delivered, failed, error, retryAt, now }) {
      await db
        .updateTable('alert_channel')
        .set((eb) => ({
          delivered: eb('delivered', '+', delivered),
          failed: eb('failed', '+', failed),
          ...(delivered > 0 && { last_success_at: now }),
          ...(error !== undefined && { last_error: error, last_error_at: now }),
          ...(delivered > 0
            ? { failures: 0 }
            : error !== undefined && retryAt !== undefined && { failures: eb('failures', '+', 1) }),
          ...(retryAt !== undefined && { retry_at: retryAt }),
        }))
        .where('id', '=', id)
        .execute();
    },
    alertDeliveryToChange: (applicationId, id) =>
      db
        .selectFrom('alert_delivery')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .where('channel_id', 'not in', (eb) => eb.selectFrom('alert_channel_gone').select('channel_id'))
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    async isToldLater({ id, incident_id, channel_id }) {
      const told = await db
        .selectFrom('alert_delivery')
        .select('id')
        .where('incident_id', '=', incident_id)
        .where('id', '>', id)
        .where('channel_id', '=', channel_id)
        .where('state', '=', 'delivered')
        .limit(1)
        .execute();
      return told.length > 0;
    },
    async updateAlertDelivery(id, changes) {
      await db.updateTable('alert_delivery').set(changes).where('id', '=', id).execute();
    },
    async pruneAlerts(before, limit) {
      const deliveries = await sql`
        delete from alert_delivery where id in (
          select id from alert_delivery where settled_at < ${before} order by settled_at limit ${limit}) returning id`.execute(
        db,
      );
      const incidents = await sql`
        delete from alert_incident where id in (
          select id from alert_incident where resolved_at < ${before} order by resolved_at limit ${limit}) returning id`.execute(
        db,
      );
      const silences = await sql`
        delete from alert_silence where id in (
          select id from alert_silence where ends_at < ${before} order by ends_at limit ${limit}) returning id`.execute(db);
      const parked = await sql`
        delete from alert_parked where id in (
          select id from alert_parked where parked_at < ${before} order by parked_at limit ${limit}) returning id`.execute(db);
      return [deliveries, incidents, silences, parked].some(({ rows }) => rows.length === limit);
    },
  };
}
