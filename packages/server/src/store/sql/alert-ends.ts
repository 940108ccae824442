import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely';
import type {
  AlertLeftovers,
  AlertNarrowings,
  AlertRuleEndRow,
  AlertRuleEnds,
  AlertRuleNarrowedTable,
  GivenUpRow,
} from '../alert-end-rows.js';
import type { Schema } from '../schema.js';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';

interface Which extends Record<string, unknown> {
  rule: number;
  upTo: number;
  events: string[];
}

/** What an end is about and is not over. */
const toEnd = statement<Which & { limit: number }, { id: number }>(
  ({ slot, can }) => sql`
    select id from alert_incident
    where rule_id = ${slot('rule', 'int')} and status <> 'resolved' and id <= ${slot('upTo', 'int')}
      and event in (select item from ${can.each(slot('events'))} e)
    limit ${slot('limit', 'int')}`,
);

const end = statement<Which & { now: number; limit: number }, { id: number }>((context) => {
  const now = context.slot('now', 'int');
  return sql`
    update alert_incident set
      status = 'resolved', resolved_at = ${now}, resolved_by = 'system', resolve_at = null,
      notify_at = case when notified > 0 then ${now} end
    where id in (${toEnd.build(context)}) and status <> 'resolved'
    returning id`;
});

/** By the index of what is to be told: those of the rule may be many that are over for long, hence the sum. */
const untold = statement<Which, { id: number }>(
  ({ slot, can }) => sql`
    select id from alert_incident
    where notify_at is not null and rule_id + 0 = ${slot('rule', 'int')} and id + 0 <= ${slot('upTo', 'int')} and status = 'resolved'
      and event in (select item from ${can.each(slot('events'))} e)
    limit 1`,
);

const toGiveUp = statement<{ before: number; now: number; limit: number }, GivenUpRow & { id: number }>(
  ({ slot, can }) => sql`
    select d.id, d.channel_id, c.type, d.unheard, d.holder
    from alert_channel c cross join alert_delivery d -- in this order: few channels are off, and many messages wait
    where d.channel_id = c.id and c.enabled = 0 and d.state = 'pending' and d.created_at < ${slot('before', 'int')} and d.held_until <= ${slot('now', 'int')}
    limit ${slot('limit', 'int')} ${can.rowLocks ? sql`for update of d skip locked` : sql``}`,
);

const giveUp = statement<{ ids: number[]; now: number }>(
  ({ idsIn, slot }) => sql`
    update alert_delivery set
      state = 'failed', settled_at = ${slot('now', 'int')}, last_answer = 'The channel was switched off for too long.',
      attempts = attempts + unheard + case when holder is null then 0 else 1 end, unheard = 0, holder = null, held_until = 0
    where id ${idsIn('ids')}`,
);

const deleteSome = statement<{ channel: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    delete from alert_delivery
    where id in (select id from alert_delivery where channel_id = ${slot('channel', 'int')} order by id limit ${slot('limit', 'int')})
    returning id`,
);

const someOf = statement<{ channel: number }, { id: number }>(
  ({ slot }) => sql`select id from alert_delivery where channel_id = ${slot('channel', 'int')} limit 1`,
);

const ends = statement<{ limit: number }, AlertRuleEndRow>(
  ({ slot }) => sql`select * from alert_rule_end order by id limit ${slot('limit', 'int')}`,
);

const endsOfRules = statement<{ ids: number[] }, AlertRuleEndRow>(
  ({ idsIn }) => sql`select * from alert_rule_end where rule_id ${idsIn('ids')} order by id`,
);

const narrowed = statement<{ limit: number }, AlertRuleNarrowedTable>(
  ({ slot }) => sql`select * from alert_rule_narrowed order by rule_id limit ${slot('limit', 'int')}`,
);

const whichOf = (row: AlertRuleEndRow): Which => ({
  rule: row.rule_id,
  upTo: row.up_to,
  events: JSON.parse(row.events) as string[],
});

/** Unlike `like`, which takes the underscores of a name for any character. */
const begins = (begin: string): RawBuilder<boolean> => sql<boolean>`substr(key, 1, ${sql.lit(begin.length)}) = ${begin}`;

export const alertLeftoversOf = ({ db, run, runIds }: SqlContext): AlertLeftovers => ({
  async deleteGone(limit) {
    const gone = await db.selectFrom('alert_channel_gone').selectAll().orderBy('channel_id').limit(1).executeTakeFirst();
    if (!gone) return false;
    const channel = gone.channel_id;
    const deleted = await run(deleteSome, { channel, limit });
    // Fewer may be what another server left of those that this one was to delete.
    if (deleted.length < limit && (await run(someOf, { channel })).length === 0)
      await db.deleteFrom('alert_channel_gone').where('channel_id', '=', channel).execute();
    return true;
  },
  async giveUpAlerts(before, now, limit) {
    const rows = await run(toGiveUp, { before, now, limit });
    await runIds(giveUp, { ids: rows.map(({ id }) => id), now });
    return rows;
  },
});

export const alertEndsOf = ({ db, run, runIds }: SqlContext): AlertRuleEnds => ({
  async insertRuleEnd(row) {
    const { last } = await db
      .selectFrom('alert_incident')
      .select((eb) => eb.fn.max('id').as('last'))
      .where('rule_id', '=', row.rule_id)
      .executeTakeFirstOrThrow();
    return db
      .insertInto('alert_rule_end')
      .values({ ...row, up_to: Number(last ?? 0) } as never)
      .returningAll()
      .executeTakeFirstOrThrow();
  },
  ruleEnds: (limit) => run(ends, { limit }),
  ruleEndsOf: (ids) => runIds(endsOfRules, { ids }),
  endIncidents: async (row, limit, now) => (await run(end, { ...whichOf(row), limit, now })).length,
  hasToEnd: async (row) => (await run(toEnd, { ...whichOf(row), limit: 1 })).length > 0,
  isEndUntold: async (row) => (await run(untold, whichOf(row))).length > 0,
  async deleteRuleEnd(id) {
    await db.deleteFrom('alert_rule_end').where('id', '=', id).execute();
  },
  async forgetConditions(ruleId, keyBegins) {
    for (const begin of keyBegins)
      await db.deleteFrom('alert_condition').where('rule_id', '=', ruleId).where(begins(begin)).execute();
  },
  async fireAgain(ruleId, key, at) {
    await db
      .updateTable('alert_condition')
      .set({ fire_again_at: at })
      .where('rule_id', '=', ruleId)
      .where('key', '=', key)
      .execute();
  },
  async fireGatheredAgain(ruleId, keyBegin, at) {
    await db
      .updateTable('alert_condition')
      .set({ fire_again_at: at, gathered: 0 })
      .where('rule_id', '=', ruleId)
      .where('gathered', '=', 1)
      .where(begins(keyBegin))
      .execute();
  },
});

export const alertNarrowingsOf = ({ db, can, run }: SqlContext): AlertNarrowings => ({
  async narrowRule(rule) {
    const newest = await db
      .selectFrom('alert_incident')
      .select((eb) => eb.fn.max('id').as('id'))
      .where('rule_id', '=', rule.rule_id)
      .executeTakeFirst();
    if (!newest || newest.id === null) return;
    const below = Number(newest.id) + 1;
    await db
      .insertInto('alert_rule_narrowed')
      .values({ ...rule, below })
      .onConflict((conflict) => conflict.column('rule_id').doUpdateSet({ below }))
      .execute();
  },
  narrowedRules: (limit) => run(narrowed, { limit }),
  incidentsToNarrow: ({ rule_id, below }, limit) =>
    db
      .selectFrom('alert_incident')
      .selectAll()
      .where('rule_id', '=', rule_id)
      .where('id', '<', below)
      .where(sql<boolean>`status <> 'resolved'`)
      .orderBy('id', 'desc')
      .limit(limit)
      .$if(can.rowLocks, (query) => query.forUpdate())
      .execute(),
  async narrowFurther(rule, below) {
    const seen = (eb: ExpressionBuilder<Schema, 'alert_rule_narrowed'>) =>
      eb.and([eb('rule_id', '=', rule.rule_id), eb('below', '=', rule.below)]);
    if (below === undefined) await db.deleteFrom('alert_rule_narrowed').where(seen).execute();
    else await db.updateTable('alert_rule_narrowed').set({ below }).where(seen).execute();
  },
});
