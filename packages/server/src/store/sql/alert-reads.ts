import { type Kysely, sql } from 'kysely';
import type { AlertReads } from '../alert-rows.js';
import type { Schema } from '../schema.js';
import { conditionReads } from './condition-reads.js';

export function alertReads(db: Kysely<Schema>): AlertReads {
  return { ...settingsReads(db), ...incidentReads(db), ...backlogReads(db), ...detectorReads(db), ...conditionReads(db) };
}

type Settings = Pick<AlertReads, 'alertChannels' | 'alertChannel' | 'alertRules' | 'alertRule' | 'alertSilences'>;

function settingsReads(db: Kysely<Schema>): Settings {
  const channels = (applicationId: number) =>
    db
      .selectFrom('alert_channel as c')
      .selectAll('c')
      .select((eb) =>
        eb
          .selectFrom('alert_delivery as d')
          .select((q) => q.fn.countAll<number>().as('n'))
          .whereRef('d.channel_id', '=', 'c.id')
          .where('d.state', '=', 'pending')
          .as('queued'),
      )
      .where('c.application_id', '=', applicationId);
  const counted = <Row extends { queued: number | null }>(row: Row) => ({ ...row, queued: Number(row.queued) });
  return {
    async alertChannels(applicationId, { limit, after }) {
      let query = channels(applicationId).orderBy('c.id', 'desc').limit(limit);
      if (after !== undefined) query = query.where('c.id', '<', after);
      return (await query.execute()).map(counted);
    },
    async alertChannel(applicationId, id) {
      const row = await channels(applicationId).where('c.id', '=', id).executeTakeFirst();
      return row && counted(row);
    },
    async alertRules(applicationId, { limit, after }) {
      let query = db.selectFrom('alert_rule').selectAll().where('application_id', '=', applicationId);
      if (after !== undefined) query = query.where('id', '<', after);
      return query.orderBy('id', 'desc').limit(limit).execute();
    },
    alertRule: (applicationId, id) =>
      db.selectFrom('alert_rule').selectAll().where('application_id', '=', applicationId).where('id', '=', id).executeTakeFirst(),
    async alertSilences(applicationId, { limit, after }) {
      let query = db.selectFrom('alert_silence').selectAll().where('application_id', '=', applicationId);
      if (after !== undefined) query = query.where('id', '<', after);
      return query.orderBy('id', 'desc').limit(limit).execute();
    },
  };
}

type Lists = Pick<AlertReads, 'incidents' | 'incident' | 'alertDeliveries' | 'alertDelivery'>;

function incidentReads(db: Kysely<Schema>): Lists {
  const incidents = (applicationId: number) =>
    db
      .selectFrom('alert_incident as i')
      .leftJoin('alert_rule as r', 'r.id', 'i.rule_id')
      .selectAll('i')
      .select(['r.name as rule', 'r.spec as spec'])
      .where('i.application_id', '=', applicationId);
  const deliveries = (applicationId: number) =>
    db
      .selectFrom('alert_delivery as d')
      .innerJoin('alert_channel as c', 'c.id', 'd.channel_id')
      .selectAll('d')
      .select('c.name as channel')
      .where('d.application_id', '=', applicationId);
  return {
    async incidents(applicationId, { status, event, severity, rule }, { limit, after }) {
      let query = incidents(applicationId).orderBy('i.id', 'desc').limit(limit);
      if (after !== undefined) query = query.where('i.id', '<', after);
      if (status !== undefined) query = query.where('i.status', '=', status);
      if (event !== undefined) query = query.where('i.event', '=', event);
      if (severity !== undefined) query = query.where('i.severity', '=', severity);
      if (rule !== undefined) query = query.where('i.rule_id', '=', Number(rule));
      return query.execute();
    },
    incident: (applicationId, id) => incidents(applicationId).where('i.id', '=', id).executeTakeFirst(),
    async alertDeliveries(applicationId, { state, channel, incident }, { limit, after }) {
      let query = deliveries(applicationId).orderBy('d.id', 'desc').limit(limit);
      if (after !== undefined) query = query.where('d.id', '<', after);
      if (state !== undefined) query = query.where('d.state', '=', state);
      if (channel !== undefined) query = query.where('d.channel_id', '=', Number(channel));
      if (incident !== undefined) query = query.where('d.incident_id', '=', Number(incident));
      return query.execute();
    },
    alertDelivery: (applicationId, id) => deliveries(applicationId).where('d.id', '=', id).executeTakeFirst(),
  };
}

type Backlog = Pick<AlertReads, 'dueAlertChannels' | 'hasLeftovers' | 'alertsWaiting'>;

function backlogReads(db: Kysely<Schema>): Backlog {
  return {
    async dueAlertChannels(now, limit) {
      const due = await sql<{ id: number }>`
        select c.id from alert_channel c
        where c.enabled = 1 and (c.retry_at is null or c.retry_at <= ${now})
          and exists (
            select 1 from alert_delivery d
            where d.channel_id = c.id and d.state = 'pending' and d.next_try_at <= ${now} and d.held_until <= ${now}
              and not exists (
                select 1 from alert_delivery e
                where e.channel_id = d.channel_id and e.incident_id = d.incident_id and e.state = 'pending' and e.id < d.id))
        order by coalesce(c.retry_at, 0), c.id limit ${limit}`.execute(db);
      return due.rows.map(({ id }) => id);
    },
    async hasLeftovers(before) {
      const { rows } = await sql`
        select 1 where exists (select 1 from alert_channel_gone)
          or exists (
            select 1 from alert_channel c cross join alert_delivery d
            where d.channel_id = c.id and c.enabled = 0 and d.state = 'pending' and d.created_at < ${before})`.execute(db);
      return rows.length > 0;
    },
    async alertsWaiting(now) {
      const { rows } = await sql`
        select 1 where exists (select 1 from alert_outbox) or exists (select 1 from alert_rule_end)
          or exists (select 1 from alert_rule_narrowed)
          or exists (select 1 from alert_incident where notify_at <= ${now})
          or exists (select 1 from alert_incident where resolve_at <= ${now})`.execute(db);
      return rows.length > 0;
    },
  };
}

type Detectors = Pick<AlertReads, 'enabledRules' | 'alertConditions' | 'refusedBootstraps' | 'schedulerLag'>;

function detectorReads(db: Kysely<Schema>): Detectors {
  return {
    enabledRules: () => db.selectFrom('alert_rule').selectAll().where('enabled', '=', 1).orderBy('id').execute(),
    alertConditions: (ruleId) => db.selectFrom('alert_condition').selectAll().where('rule_id', '=', ruleId).execute(),
    async refusedBootstraps(applicationId, since, lookedAt) {
      const { rows } = await sql<{ action: string; details: string | null }>`
        select e.action, e.details
        from (select * from audit_event where application_id = ${applicationId} order by id desc limit ${lookedAt}) e
        where e.occurred_at >= ${since} and e.target_id = 'POST /workers/bootstrap' and e.result = 'refused'`.execute(db);
      return rows.map(({ action, details }) => ({
        action,
        count: Number((JSON.parse(details ?? '{}') as { count?: number }).count ?? 1),
      }));
    },
    async schedulerLag(now) {
      const { rows } = await sql<{ run_at: number | null }>`
        select min(run_at) as run_at from stage where status = 'scheduled' and held = 0`.execute(db);
      const first = rows[0]?.run_at ?? null;
      return first === null ? 0 : Math.max(0, now - Number(first));
    },
  };
}
