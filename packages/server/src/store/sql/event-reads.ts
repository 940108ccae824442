import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { EventPosition, EventReads, EventRow } from '../event-rows.js';
import type { Schema } from '../schema.js';
import { logOrder } from './events.js';

interface Found {
  xid: number;
  id: number;
  writtenAt: number;
  payload: string | null;
  settled: number;
}

/** Reads of the log of events. Each is one statement, and so sees one moment. */
export function eventReads(db: Kysely<Schema>, can: Capabilities): EventReads {
  const { key, descending, settled } = logOrder(can);
  const xid = can.transactionIds ? sql`cast(cast(xid as text) as bigint)` : sql`0`;
  return {
    async lastEvent(): Promise<EventPosition | undefined> {
      const query = sql<EventPosition>`
        select ${xid} as xid, id, written_at as "writtenAt" from event where ${settled} order by ${descending} limit 1`;
      return (await query.execute(db)).rows[0];
    },
    async eventsFrom(from: EventPosition, { limit, withFirst }): Promise<EventRow[]> {
      const start = can.transactionIds ? sql`(cast(${String(from.xid)} as xid8), ${from.id})` : sql`${from.id}`;
      const here = can.transactionIds ? sql`(xid, id)` : sql`id`;
      const wanted = withFirst ? settled : sql`${settled} and ${here} > ${start}`;
      const query = sql<Found>`
        select ${xid} as xid, id, written_at as "writtenAt", case when ${wanted} then payload end as payload,
          case when ${settled} then 1 else 0 end as settled
        from event where ${here} >= ${start} order by ${key} limit ${limit}`;
      return (await query.execute(db)).rows.map((row) => ({ ...row, settled: row.settled === 1 }));
    },
  };
}
