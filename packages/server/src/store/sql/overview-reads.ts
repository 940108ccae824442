import { type Kysely, sql } from 'kysely';
import type { OnlinePool, OpenIncidents, OverviewReads, ReadyHandler, RunningHandler } from '../overview-rows.js';
import type { Schema } from '../schema.js';

/** Literals in the states: the partial indexes serve only those. */
export function overviewReads(db: Kysely<Schema>): OverviewReads {
  return {
    async readyByHandler(applicationId, limit) {
      const { rows } = await sql<ReadyHandler>`
        select handler, count(*) as ready, min(ready_at) as oldest_at
        from (
          select handler, ready_at from stage
          where application_id = ${applicationId} and status = 'pending' and held = 0 limit ${limit}) r
        group by handler`.execute(db);
      return rows.map(({ handler, ready, oldest_at }) => ({ handler, ready: Number(ready), oldest_at: Number(oldest_at) }));
    },

    async runningByHandler(applicationId, limit) {
      const { rows } = await sql<RunningHandler>`
        select handler, count(*) as running
        from (select handler from stage where application_id = ${applicationId} and status = 'running' limit ${limit}) r
        group by handler`.execute(db);
      return rows.map(({ handler, running }) => ({ handler, running: Number(running) }));
    },

    async countPipelines(applicationId, status, limit) {
      const { rows } = await sql<{ pipelines: number }>`
        select count(*) as pipelines
        from (select 1 from pipeline where application_id = ${applicationId} and status = ${status} limit ${limit}) r`.execute(
        db,
      );
      return Number(rows[0]?.pipelines ?? 0);
    },

    async onlinePools(applicationId, liveSince) {
      const { rows } = await sql<OnlinePool>`
        select pool, count(*) as workers, sum(case when state = 'draining' or order_given = 'drain' then 1 else 0 end) as draining,
          sum(in_flight) as in_flight, coalesce(sum(concurrency), 0) as slots,
          coalesce(sum(case when concurrency is null then 0 else in_flight end), 0) as slots_used
        from worker
        where application_id = ${applicationId} and state <> 'stopped' and last_seen_at >= ${liveSince}
        group by pool order by pool`.execute(db);
      return rows.map((row) => ({
        pool: row.pool,
        workers: Number(row.workers),
        draining: Number(row.draining),
        in_flight: Number(row.in_flight),
        slots: Number(row.slots),
        slots_used: Number(row.slots_used),
      }));
    },

    async onlineAt(applicationId, at) {
      const { rows } = await sql<{ workers: number }>`
        select count(*) as workers from worker
        where application_id = ${applicationId} and started_at <= ${at} and last_seen_at >= ${at}`.execute(db);
      return Number(rows[0]?.workers ?? 0);
    },

    async openIncidents(applicationId) {
      const { rows } = await sql<OpenIncidents>`
        select status, count(*) as incidents, count(muted) as muted from alert_incident
        where application_id = ${applicationId} and status <> 'resolved' group by status`.execute(db);
      return rows.map(({ status, incidents, muted }) => ({ status, incidents: Number(incidents), muted: Number(muted) }));
    },
  };
}
