import { sql } from 'kysely';
import type { EventLog } from '../event-rows.js';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';
import type { Ms } from '../store.js';

/** Bytes that one id stands for. */
const UNIT = 1_024;
const unitsOf = (payload: string): number => Math.ceil(payload.length / UNIT) || 1;

/** Any number that nothing else locks by in this database. */
const LOG_LOCK = 1_886_155_109;

/**
 * A statement of its own, so that the ids are taken under the lock. PostgreSQL lets go of it after the commit is visible: whoever sees an id sees all below
 * it. Bound to the transaction, it works behind transaction-pooling proxies.
 */
const lock = statement<Record<never, never>>(() => sql`select pg_advisory_xact_lock(${sql.lit(LOG_LOCK)})`);

const append = statement<{ units: number; now: number; payload: string }>(({ slot, can }) => {
  const units = slot('units', 'int');
  const row = sql`${slot('now', 'int')}, ${slot('payload', 'text')}`;
  // The newest row is never removed, so that the next id is known without a counter of its own.
  if (!can.sequences)
    return sql`insert into event (id, written_at, payload) select coalesce(max(id), 0) + ${units}, ${row} from event`;
  return sql`
    insert into event (id, written_at, payload)
    select (select max(nextval('event_id')) from generate_series(1, ${units})), ${row}`;
});

const prune = statement<{ before: number; units: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    delete from event where id in (
      select oldest.id
      from (select id, written_at from event order by id limit ${slot('limit', 'int')}) as oldest,
        (select max(id) as id from event) as newest
      where (oldest.written_at < ${slot('before', 'int')} or oldest.id <= newest.id - ${slot('units', 'int')})
        and oldest.id < newest.id)
    returning id`,
);

export const eventsOf = ({ db, can, run }: SqlContext): EventLog => {
  const appendEvents = async (payloads: string[], now: Ms): Promise<void> => {
    if (can.overlappingCommits) await run(lock, {});
    for (const payload of payloads) await run(append, { units: unitsOf(payload), now, payload });
  };
  return {
    appendEvents,
    async openEvents(now: Ms): Promise<void> {
      const { rows } = await sql`select 1 from event limit 1`.execute(db);
      if (rows.length === 0) await appendEvents(['[]'], now);
    },
    async clearEvents(): Promise<void> {
      await sql`delete from event`.execute(db);
    },
    async pruneEvents({ before, keepBytes, limit }): Promise<number> {
      return (await run(prune, { before, units: Math.ceil(keepBytes / UNIT), limit })).length;
    },
  };
};
