import { sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { EventLog } from '../event-rows.js';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';
import type { Ms } from '../store.js';

/** Bytes that one id stands for. */
const UNIT = 1_024;
const unitsOf = (payload: string): number => Math.ceil(payload.length / UNIT) || 1;

/** The order of the log; `settled` is whether all transactions that may still add a row before it are over. */
export const logOrder = ({ transactionIds }: Capabilities) =>
  transactionIds
    ? {
        key: sql`xid, id`,
        descending: sql`xid desc, id desc`,
        settled: sql`xid < pg_snapshot_xmin(pg_current_snapshot())`,
      }
    : { key: sql`id`, descending: sql`id desc`, settled: sql`1 = 1` };

const append = statement<{ units: number; now: number; payload: string }>(({ slot, can }) => {
  const units = slot('units', 'int');
  const row = sql`${slot('now', 'int')}, ${slot('payload', 'text')}`;
  // The newest row is never removed, so that the next id is known without a counter of its own.
  if (!can.transactionIds)
    return sql`insert into event (id, written_at, payload) select coalesce(max(id), 0) + ${units}, ${row} from event`;
  return sql`
    insert into event (xid, id, written_at, payload)
    select pg_current_xact_id(), (select max(nextval('event_id')) from generate_series(1, ${units})), ${row}`;
});

const prune = statement<{ before: number; units: number; limit: number }, { id: number }>(({ slot, can }) => {
  const { key, descending, settled } = logOrder(can);
  const keyOf = (row: string) =>
    can.transactionIds ? sql`(${sql.ref(`${row}.xid`)}, ${sql.ref(`${row}.id`)})` : sql.ref(`${row}.id`);
  return sql`
    delete from event where ${can.transactionIds ? sql`(xid, id)` : key} in (
      select ${can.transactionIds ? sql`oldest.xid, oldest.id` : sql`oldest.id`}
      from (select ${key}, written_at from event order by ${key} limit ${slot('limit', 'int')}) as oldest,
        (select ${key} from event where ${settled} order by ${descending} limit 1) as newest
      where (oldest.written_at < ${slot('before', 'int')} or oldest.id <= newest.id - ${slot('units', 'int')})
        and ${keyOf('oldest')} < ${keyOf('newest')})
    returning id`;
});

export const eventsOf = ({ db, can, run }: SqlContext): EventLog => ({
  async openEvents(now: Ms): Promise<void> {
    // A transaction of this database server has a number below the next one; others came with a restore from elsewhere.
    if (can.transactionIds) await sql`delete from event where xid >= pg_snapshot_xmax(pg_current_snapshot())`.execute(db);
    const { rows } = await sql`select 1 from event limit 1`.execute(db);
    if (rows.length === 0) await run(append, { units: 1, now, payload: '[]' });
  },
  async clearEvents(): Promise<void> {
    await sql`delete from event`.execute(db);
  },
  async appendEvents(payloads: string[], now: Ms): Promise<void> {
    for (const payload of payloads) await run(append, { units: unitsOf(payload), now, payload });
  },
  async pruneEvents({ before, keepBytes, limit }): Promise<number> {
    return (await run(prune, { before, units: Math.ceil(keepBytes / UNIT), limit })).length;
  },
});
