import { sql } from 'kysely';
import type { AlertChannelRow, AlertRuleRow, AlertSilenceRow, Alerts } from '../alert-rows.js';
import type { SqlContext } from '../sql-context.js';
import { forShare, statement } from '../statement.js';

type Settings = Pick<
  Alerts,
  | 'alertChannelToChange'
  | 'alertChannelNamed'
  | 'insertAlertChannel'
  | 'updateAlertChannel'
  | 'mendAlertChannel'
  | 'deleteAlertChannel'
  | 'countAlertChannels'
  | 'alertRuleToChange'
  | 'alertRuleNamed'
  | 'insertAlertRule'
  | 'updateAlertRule'
  | 'deleteAlertRule'
  | 'alertRulesOf'
  | 'countAlertRules'
  | 'enabledAlertRules'
  | 'alertChannelsOf'
  | 'insertAlertSilence'
  | 'endAlertSilence'
  | 'countAlertSilences'
  | 'activeAlertSilences'
>;

const enabledRules = statement<{ ids: number[] }, AlertRuleRow>(
  ({ idsIn }) => sql`select * from alert_rule where enabled = 1 and application_id ${idsIn('ids')} order by id`,
);

const channels = statement<{ application: number; ids: number[] }, AlertChannelRow>(
  ({ slot, idsIn }) => sql`
    select * from alert_channel where application_id = ${slot('application', 'int')} and id ${idsIn('ids')} order by id`,
);

const keptChannels = statement<{ application: number; ids: number[] }, AlertChannelRow>(
  (context) => sql`${channels.build(context)} ${forShare(context.can)}`,
);

const silences = statement<{ ids: number[]; now: number }, AlertSilenceRow>(
  ({ slot, idsIn }) => sql`
    select * from alert_silence
    where application_id ${idsIn('ids')} and ends_at > ${slot('now', 'int')} and starts_at <= ${slot('now', 'int')}`,
);

export const alertsOf = (context: SqlContext): Settings => ({
  ...channelsOf(context),
  ...rulesOf(context),
  ...silencesOf(context),
});

function channelsOf({ db, can, runIds }: SqlContext) {
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
    async mendAlertChannel(id, version, changes) {
      const { numUpdatedRows } = await db
        .updateTable('alert_channel')
        .set({ ...changes, version: version + 1 })
        .where('id', '=', id)
        .where('version', '=', version)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async deleteAlertChannel(id) {
      await db.deleteFrom('alert_channel').where('id', '=', id).execute();
      await db.insertInto('alert_channel_gone').values({ channel_id: id }).execute();
    },
    countAlertChannels: (applicationId) => countOf(db, 'alert_channel', applicationId),
    alertChannelsOf: (application, ids, keep = false) => runIds(keep ? keptChannels : channels, { application, ids }),
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

function rulesOf({ db, can, runIds }: SqlContext) {
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
    alertRulesOf: (applicationId) =>
      db.selectFrom('alert_rule').selectAll().where('application_id', '=', applicationId).orderBy('id').execute(),
    countAlertRules: (applicationId) => countOf(db, 'alert_rule', applicationId),
    enabledAlertRules: (ids) => runIds(enabledRules, { ids }),
  } satisfies Partial<Settings>;
}

function silencesOf({ db, runIds }: SqlContext) {
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
    activeAlertSilences: (ids, now) => runIds(silences, { ids, now }),
  } satisfies Partial<Settings>;
}
