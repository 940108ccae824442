import { type Kysely, sql } from 'kysely';
import type { EventPosition, EventReads, EventRow } from '../event-rows.js';
import type { Schema } from '../schema.js';

/** Reads of the log of events. Each is one statement, and so sees one moment. */
export const eventReads = (db: Kysely<Schema>): EventReads => ({
  async lastEvent(): Promise<EventPosition | undefined> {
    const query = sql<EventPosition>`select id, written_at as "writtenAt" from event order by id desc limit 1`;
    return (await query.execute(db)).rows[0];
  },
  async eventsFrom({ id }: EventPosition, { limit, withFirst }): Promise<EventRow[]> {
    const wanted = withFirst ? sql`1 = 1` : sql`id > ${id}`;
    const query = sql<EventRow>`
      select id, written_at as "writtenAt", case when ${wanted} then payload end as payload
      from event where id >= ${id} order by id limit ${limit}`;
    return (await query.execute(db)).rows;
  },
});
