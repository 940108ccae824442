import { sql } from 'kysely';
import type { AlertAttempt, AlertDeliveries, AlertDeliveryRow } from '../alert-delivery-rows.js';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, skipLocked, statement } from '../statement.js';
import { inSlices } from './slices.js';

/** Rows of one insert: 18 columns each, of the arguments that a statement may have. */
const ROWS = 200;

const claim = statement<{ channel: number; holder: string; heldUntil: number; now: number; limit: number }, AlertDeliveryRow>(
  ({ slot, can }) => sql`
    update alert_delivery set
      unheard = unheard + case when holder is null then 0 else 1 end,
      holder = ${slot('holder', 'text')}, held_until = ${slot('heldUntil', 'int')}
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
  {
    id: 'int',
    state: 'text',
    next_try_at: 'int',
    last_status: 'int',
    last_answer: 'text',
    reached: 'text',
    settled_at: 'int',
  } as never,
  (rows, { slot }) => sql`
    with t(id, state, next_try_at, last_status, last_answer, reached, settled_at) as (${rows})
    update alert_delivery set
      state = t.state, next_try_at = t.next_try_at, last_status = t.last_status, last_answer = t.last_answer, reached = t.reached, settled_at = t.settled_at,
      attempts = alert_delivery.attempts + alert_delivery.unheard + 1, unheard = 0, holder = null, held_until = 0
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

const abandon = statement<{ ids: number[]; holder: string }>(
  ({ idsIn, slot }) => sql`
    update alert_delivery set held_until = 0
    where id ${idsIn('ids')} and state = 'pending' and holder = ${slot('holder', 'text')}`,
);

const abandonAll = statement<Record<string, never>>(
  () => sql`update alert_delivery set held_until = 0 where state = 'pending' and held_until > 0`,
);

/** What is due already stays so. */
const SHIFTED: readonly (readonly [table: string, column: string, which: string])[] = [
  ['alert_delivery', 'next_try_at', "state = 'pending'"],
  ['alert_delivery', 'held_until', "state = 'pending'"],
  ['alert_channel', 'retry_at', 'retry_at is not null'],
  ['alert_incident', 'notify_at', 'notify_at is not null'],
  ['alert_incident', 'resolve_at', 'resolve_at is not null'],
  ['alert_condition', 'seen_at', 'seen_at is not null'],
  ['alert_condition', 'crossed_at', 'crossed_at is not null'],
  ['alert_condition', 'fire_again_at', 'fire_again_at is not null'],
];

export function alertDeliveriesOf(context: SqlContext): AlertDeliveries {
  const { db, can, run, runRows, runIds } = context;
  return {
    async insertAlertDeliveries(rows) {
      await inSlices(rows, ROWS, (some) => db.insertInto('alert_delivery').values(some).execute());
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
    async abandonAlerts(ids, holder) {
      await runIds(abandon, { ids, holder });
    },
    async abandonAllAlerts() {
      await run(abandonAll, {});
    },
    async shiftAlerts({ gapMs, now }) {
      for (const [table, column, which] of SHIFTED) {
        const at = sql.ref(column);
        await sql`update ${sql.table(table)} set ${at} = ${at} + ${gapMs} where ${sql.raw(which)} and ${at} > ${now}`.execute(db);
      }
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
        .where((eb) =>
          eb.or([eb('state', '=', 'delivered'), eb.and([eb('action', '=', 'resolve'), eb('state', '<>', 'pending')])]),
        )
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
