import { sql } from 'kysely';
import type { AlertIncidentRow, AlertRun, Alerts } from '../alert-rows.js';
import type { SqlContext } from '../sql-context.js';
import { type Columns, forUpdate, insertInto, rowsStatement, statement } from '../statement.js';

type Incidents = Pick<
  Alerts,
  | 'incidentsToChange'
  | 'incidentToChange'
  | 'insertIncidents'
  | 'countOpenIncidents'
  | 'saveIncidents'
  | 'endFailures'
  | 'isFailing'
  | 'dueIncidents'
  | 'alertConditions'
  | 'saveAlertConditions'
  | 'deleteAlertConditions'
>;

/** What never changes. */
const FIXED = {
  id: 'int',
  application_id: 'int',
  rule_id: 'int',
  group_key: 'text',
  event: 'text',
  severity: 'text',
  pipeline_id: 'int',
  opened_at: 'int',
} as const;

const CHANGING = {
  status: 'text',
  title: 'text',
  body: 'text',
  labels: 'text',
  untold: 'text',
  pipeline: 'text',
  events: 'int',
  notified: 'int',
  last_event_at: 'int',
  notify_at: 'int',
  notified_at: 'int',
  resolve_at: 'int',
  muted: 'text',
  acknowledged_at: 'int',
  acknowledged_by: 'text',
  resolved_at: 'int',
  resolved_by: 'text',
} as const;

const insert = insertInto<AlertIncidentRow>('alert_incident', { ...FIXED, ...CHANGING } satisfies Columns<AlertIncidentRow>);

const save = rowsStatement<Pick<AlertIncidentRow, 'id' | keyof typeof CHANGING> & Record<string, unknown>>(
  { id: 'int', ...CHANGING } as never,
  (rows) => {
    const names = Object.keys(CHANGING);
    const list = sql.join(names.map((name) => sql.ref(name)));
    const set = sql.join(names.map((name) => sql`${sql.ref(name)} = ${sql.ref(`t.${name}`)}`));
    return sql`with t(id, ${list}) as (${rows}) update alert_incident set ${set} from t where alert_incident.id = t.id`;
  },
);

/** The last condition is for who waited for a lock: another server may have told of it meanwhile, and the rows of `in` are of before. */
const due = statement<{ now: number; limit: number }, AlertIncidentRow>(
  ({ slot, can }) => sql`
    select * from alert_incident
    where id in (
      select id from (
        select id from (select id from alert_incident where notify_at <= ${slot('now', 'int')} order by notify_at limit ${slot('limit', 'int')}) n
        union select id from (select id from alert_incident where resolve_at <= ${slot('now', 'int')} order by resolve_at limit ${slot('limit', 'int')}) r
      ) as due)
      and (notify_at <= ${slot('now', 'int')} or resolve_at <= ${slot('now', 'int')})
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
      and (notified > 0 or muted is null or muted <> 'silenced')
    limit 1`,
);

/** By the states' names: for "not resolved" SQLite would read all that are kept. */
const countOpen = statement<{ application: number; limit: number }, { count: number }>(
  ({ slot }) => sql`
    select count(*) as count from (
      select 1 from alert_incident
      where application_id = ${slot('application', 'int')} and status in ('open', 'acknowledged')
      limit ${slot('limit', 'int')}) as open`,
);

export const alertIncidentsOf = (context: SqlContext): Incidents => ({ ...incidentsOf(context), ...conditionsOf(context) });

function incidentsOf({ db, can, run, runRows }: SqlContext) {
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
      await runRows(insert, rows);
    },
    async countOpenIncidents(applicationId, limit) {
      const [counted] = await run(countOpen, { application: applicationId, limit });
      return Number(counted?.count ?? 0);
    },
    async saveIncidents(rows) {
      await runRows(save, rows);
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
