import { sql } from 'kysely';
import type { AlertAttempt, AlertDeliveries, AlertDeliveryRow } from '../alert-delivery-rows.js';
import type { AlertChannelRow } from '../alert-rows.js';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, insertInto, rowsStatement, skipLocked, statement } from '../statement.js';

const insert = insertInto<AlertDeliveryRow>('alert_delivery', {
  id: 'int',
  application_id: 'int',
  channel_id: 'int',
  incident_id: 'int',
  action: 'text',
  state: 'text',
  title: 'text',
  notification: 'text',
  attempts: 'int',
  unheard: 'int',
  next_try_at: 'int',
  holder: 'text',
  held_until: 'int',
  last_status: 'int',
  last_answer: 'text',
  reached: 'text',
  created_at: 'int',
  settled_at: 'int',
});

/** The state stands there by name: the index is of these alone. */
const pending = statement<{ ids: number[] }, { channel_id: number; count: number }>(
  ({ idsIn }) => sql`
    select channel_id, count(*) as count from alert_delivery
    where channel_id ${idsIn('ids')} and state = 'pending' group by channel_id`,
);

/** One claim of a channel at a time: the order of an incident depends on it. */
const channelToClaim = statement<{ channel: number; now: number }, AlertChannelRow>(
  ({ slot, can }) => sql`
    select * from alert_channel
    where id = ${slot('channel', 'int')} and enabled = 1 and (retry_at is null or retry_at <= ${slot('now', 'int')})
    ${forUpdate(can)}`,
);

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

interface NoteArguments extends Record<string, unknown> {
  id: number;
  delivered: number;
  failed: number;
  now: number;
  error: string | null;
  /** 0 or 1: whether it says until when the channel waits. */
  isRound: number;
  /** Of a round without a success. */
  failures: number;
  retryAt: number | null;
}

const note = statement<NoteArguments>(
  ({ slot }) => sql`
    update alert_channel set
      delivered = delivered + ${slot('delivered', 'int')}, failed = failed + ${slot('failed', 'int')},
      last_success_at = case when ${slot('delivered', 'int')} > 0 then ${slot('now', 'int')} else last_success_at end,
      last_error_at = case when ${slot('error', 'text')} is null then last_error_at else ${slot('now', 'int')} end,
      last_error = coalesce(${slot('error', 'text')}, last_error),
      failures = case when ${slot('delivered', 'int')} > 0 then 0 else failures + ${slot('failures', 'int')} end,
      retry_at = case when ${slot('isRound', 'int')} = 1 then ${slot('retryAt', 'int')} else retry_at end
    where id = ${slot('id', 'int')}`,
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
  ['alert_delivery', 'created_at', "state = 'pending'"],
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
      await runRows(insert, rows);
    },
    triggersOf: (ids) => runIds(triggers, { ids }),
    async pendingAlerts(channelIds) {
      const rows = await runIds(pending, { ids: channelIds });
      return rows.map(({ channel_id, count }) => ({ channel_id, count: Number(count) }));
    },
    async claimAlerts(channelId, { holder, heldUntil, now, limit }) {
      const [channel] = await run(channelToClaim, { channel: channelId, now });
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
      const isRound = retryAt !== undefined;
      await run(note, {
        id,
        delivered,
        failed,
        now,
        error: error ?? null,
        isRound: isRound ? 1 : 0,
        failures: isRound && error !== undefined ? 1 : 0,
        retryAt: retryAt ?? null,
      });
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
