import { sql } from 'kysely';
import type { AlertRuleRow, AlertSubjectRow, Alerts } from '../alert-rows.js';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';

type Settings = Pick<
  Alerts,
  | 'alertChannelToChange'
  | 'alertChannelNamed'
  | 'insertAlertChannel'
  | 'updateAlertChannel'
  | 'deleteAlertChannel'
  | 'countAlertChannels'
  | 'alertRuleToChange'
  | 'alertRuleNamed'
  | 'insertAlertRule'
  | 'updateAlertRule'
  | 'deleteAlertRule'
  | 'countAlertRules'
  | 'enabledAlertRules'
  | 'alertChannelsOf'
  | 'insertAlertSilence'
  | 'endAlertSilence'
  | 'countAlertSilences'
  | 'activeAlertSilences'
>;
type Outbox = Pick<Alerts, 'wantedAlerts' | 'alertStages' | 'alertPipelines' | 'failingPipelines' | 'writeAlerts' | 'takeAlerts'>;

const wanted = statement<Record<string, never>, { application_id: number; events: string }>(
  () => sql`select application_id, events from alert_rule where enabled = 1`,
);

const enabledRules = statement<Record<string, never>, AlertRuleRow>(
  () => sql`select * from alert_rule where enabled = 1 order by id`,
);

/** By the index of unresolved incidents, which is empty as long as all is well. */
const failing = statement<Record<string, never>, { application_id: number; pipeline: string }>(
  () => sql`
    select distinct application_id, pipeline from alert_incident
    where status <> 'resolved' and (event = 'pipeline_failed' or event = 'dead_letter' or event = 'stage_failed')
      and pipeline is not null`,
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

const write = statement<{ payload: string; now: number }>(
  ({ slot }) => sql`insert into alert_outbox (payload, written_at) values (${slot('payload', 'text')}, ${slot('now', 'int')})`,
);

/** Who comes while another server takes rows waits for it, and finds nothing: a recovery is not looked at before its failure. */
const take = statement<{ limit: number }, { id: number; payload: string; written_at: number }>(
  ({ slot }) => sql`
    delete from alert_outbox where id in (select id from alert_outbox order by id limit ${slot('limit', 'int')})
    returning id, payload, written_at`,
);

export const alertsOf = (context: SqlContext): Settings & Outbox => ({
  ...channelsOf(context),
  ...rulesOf(context),
  ...silencesOf(context),
  ...outboxOf(context),
});

function channelsOf({ db, can }: SqlContext) {
  return {
    alertChannelToChange: (applicationId, id) =>
      db
        .selectFrom('alert_channel')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    alertChannelNamed: (applicationId, name) =>
      db
        .selectFrom('alert_channel')
        .select('id')
        .where('application_id', '=', applicationId)
        .where('name', '=', name)
        .executeTakeFirst(),
    async insertAlertChannel(row) {
      await db.insertInto('alert_channel').values(row).execute();
    },
    async updateAlertChannel(id, changes) {
      await db.updateTable('alert_channel').set(changes).where('id', '=', id).execute();
    },
    async deleteAlertChannel(applicationId, id) {
      const { numDeletedRows } = await db
        .deleteFrom('alert_channel')
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await db.deleteFrom('alert_delivery').where('channel_id', '=', id).execute();
      return true;
    },
    countAlertChannels: (applicationId) => countOf(db, 'alert_channel', applicationId),
    async alertChannelsOf(applicationId, ids) {
      if (ids.length === 0) return [];
      return db
        .selectFrom('alert_channel')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('id', 'in', ids)
        .orderBy('id')
        .execute();
    },
  } satisfies Partial<Settings>;
}

async function countOf(db: SqlContext['db'], table: 'alert_channel' | 'alert_rule', applicationId: number): Promise<number> {
  const { count } = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('application_id', '=', applicationId)
    .executeTakeFirstOrThrow();
  return Number(count);
}

function rulesOf({ db, can, run }: SqlContext) {
  return {
    alertRuleToChange: (applicationId, id) =>
      db
        .selectFrom('alert_rule')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .$if(can.rowLocks, (query) => query.forUpdate())
        .executeTakeFirst(),
    alertRuleNamed: (applicationId, name) =>
      db
        .selectFrom('alert_rule')
        .select('id')
        .where('application_id', '=', applicationId)
        .where('name', '=', name)
        .executeTakeFirst(),
    async insertAlertRule(row) {
      await db.insertInto('alert_rule').values(row).execute();
    },
    async updateAlertRule(id, changes) {
      await db.updateTable('alert_rule').set(changes).where('id', '=', id).execute();
    },
    async deleteAlertRule(applicationId, id) {
      const { numDeletedRows } = await db
        .deleteFrom('alert_rule')
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) return false;
      await db.deleteFrom('alert_condition').where('rule_id', '=', id).execute();
      return true;
    },
    countAlertRules: (applicationId) => countOf(db, 'alert_rule', applicationId),
    enabledAlertRules: () => run(enabledRules, {}),
  } satisfies Partial<Settings>;
}

function silencesOf({ db }: SqlContext) {
  return {
    async insertAlertSilence(row) {
      await db.insertInto('alert_silence').values(row).execute();
    },
    async endAlertSilence(applicationId, id, now) {
      const { numUpdatedRows } = await db
        .updateTable('alert_silence')
        .set({ ends_at: now })
        .where('application_id', '=', applicationId)
        .where('id', '=', id)
        .where('ends_at', '>', now)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async countAlertSilences(applicationId, now) {
      const { count } = await db
        .selectFrom('alert_silence')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('application_id', '=', applicationId)
        .where('ends_at', '>', now)
        .executeTakeFirstOrThrow();
      return Number(count);
    },
    activeAlertSilences: (now) =>
      db.selectFrom('alert_silence').selectAll().where('ends_at', '>', now).where('starts_at', '<=', now).execute(),
  } satisfies Partial<Settings>;
}

function outboxOf({ run, runIds }: SqlContext): Outbox {
  return {
    wantedAlerts: () => run(wanted, {}),
    alertStages: (ids) => runIds(stages, { ids }),
    alertPipelines: (ids) => runIds(pipelines, { ids }),
    failingPipelines: () => run(failing, {}),
    async writeAlerts(payloads, now) {
      for (const payload of payloads) await run(write, { payload, now });
    },
    async takeAlerts(limit) {
      const rows = await run(take, { limit });
      return rows.sort((one, other) => one.id - other.id);
    },
  };
}
