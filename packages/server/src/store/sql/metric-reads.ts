import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import { rowsStatement, Statements } from '../statement.js';
import type { HandlerKey, MetricReads, QueueDepth, ReadyStages, RunningStages, WorkerGroup } from '../store.js';

/** Literals in the status: the ready index serves only those, and it holds all that is counted. */
const counted = (limit: RawBuilder<unknown>, priority: RawBuilder<unknown>) => sql`(
  select count(*) from (
    select 1 from stage s
    where s.application_id = h.application_id and s.handler = h.handler and s.status = 'pending' and s.held = 0 and ${priority}
    limit ${limit}) as ready)`;

const queueDepths = rowsStatement<HandlerKey & Record<string, unknown>, { limit: number }, QueueDepth>(
  { application_id: 'int', handler: 'text' } as never,
  (rows, { slot }) => {
    const limit = slot('limit', 'int');
    return sql`
      with h(application_id, handler) as (${rows})
      select h.application_id, h.handler, ${counted(limit, sql`s.priority > 0`)} as high,
        ${counted(limit, sql`s.priority = 0`)} as normal, ${counted(limit, sql`s.priority < 0`)} as low
      from h`;
  },
);

export function metricReads(db: Kysely<Schema>, can: Capabilities): MetricReads {
  const statements = new Statements(db, can);
  return {
    queueDepths: (handlers, limit) =>
      statements.runRows(db, queueDepths, handlers as readonly (HandlerKey & Record<string, unknown>)[], { limit }),

    /** In the order of the index, so that SQLite groups without sorting them. */
    async readyStages(limit) {
      const { rows } = await sql<ReadyStages>`
        select application_id, sum(case when priority > 0 then 1 else 0 end) as high,
          sum(case when priority = 0 then 1 else 0 end) as normal, sum(case when priority < 0 then 1 else 0 end) as low
        from (select application_id, priority from stage where status = 'pending' and held = 0 order by application_id limit ${limit}) r
        group by application_id`.execute(db);
      return rows;
    },

    /** Walks the ready index from its begin, which with few rows takes a tenth of what two or four looks for each handler take. */
    async allQueueDepths(limit) {
      const { rows } = await sql<QueueDepth>`
        select application_id, handler, sum(case when priority > 0 then 1 else 0 end) as high,
          sum(case when priority = 0 then 1 else 0 end) as normal, sum(case when priority < 0 then 1 else 0 end) as low
        from (
          select application_id, handler, priority from stage where status = 'pending' and held = 0
          order by application_id, handler, priority desc limit ${limit + 1}) r
        group by application_id, handler order by application_id, handler`.execute(db);
      const counted = rows.reduce((sum, { high, normal, low }) => sum + high + normal + low, 0);
      return counted > limit ? undefined : rows;
    },

    async runningStages(limit) {
      const { rows } = await sql<RunningStages>`
        select application_id, handler, count(*) as stages
        from (select application_id, handler from stage where status = 'running' limit ${limit}) r
        group by application_id, handler`.execute(db);
      return rows;
    },

    async workerGroups(liveSince, limit) {
      const { rows } = await sql<WorkerGroup>`
        select application_id, pool, state, count(*) as workers, sum(in_flight) as in_flight, coalesce(sum(concurrency), 0) as slots,
          coalesce(sum(case when concurrency is null then 0 else in_flight end), 0) as slots_used
        from (
          select application_id, pool, in_flight, concurrency,
            case when state <> 'stopped' and last_seen_at < ${liveSince} then 'offline' else state end as state
          from worker order by id desc limit ${limit}) w
        group by application_id, pool, state`.execute(db);
      return rows;
    },

    async databaseBytes() {
      const { rows } = await sql<{ bytes: number }>`select ${can.databaseBytes} as bytes`.execute(db);
      return Number(rows[0]?.bytes ?? 0);
    },
  };
}
