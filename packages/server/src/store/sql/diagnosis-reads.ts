import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { DiagnosisReads, HandlerWorkers, OtherStage } from '../store.js';

/** Leases that are looked at to find out who is busy; beyond them the last heartbeats tell. */
const LEASES = 10_000;
/** Workers of an application that are looked at, the most recently seen first: each may have a thousand handlers. */
const WORKERS = 20;

const BROKEN = sql`(s.status = 'blocked' or s.status = 'cancelled' or (s.status = 'failed' and s.run_next_if_failed = 0))`;

export const diagnosisReads = (db: Kysely<Schema>, can: Capabilities): DiagnosisReads => ({
  stageToDiagnose(applicationId, id) {
    return db
      .selectFrom('stage as s')
      .innerJoin('pipeline as p', 'p.id', 's.pipeline_id')
      .leftJoin('worker as w', 'w.id', 's.worker_id')
      .select(['s.id', 's.application_id', 's.pipeline_id', 's.name', 's.handler', 's.status', 's.held', 's.priority'])
      .select([
        's.wait_for',
        's.pending_timeout_ms',
        's.not_before',
        's.run_at',
        's.ready_at',
        's.open_dependencies',
        's.fencing_token',
        's.outcome',
        's.attempts',
      ])
      .select(['s.max_attempts', 's.worker_id', 's.leased_at', 's.lease_expires_at', 's.timeout_at', 's.settled_at'])
      .select(['s.finished_at', 's.error', 'p.status as pipeline_status', 'p.run_at as pipeline_run_at', 'p.paused_at'])
      .select(['w.name as worker_name', 'w.last_seen_at as worker_seen_at'])
      .where('s.application_id', '=', applicationId)
      .where('s.id', '=', id)
      .executeTakeFirst();
  },

  async openDependencies(stageId, limit) {
    const open = sql<OtherStage>`
      select s.id, s.name, s.status from stage_dependency d join stage s on s.id = d.depends_on_id
      where d.stage_id = ${stageId} and s.status <> 'completed' and s.status <> 'skipped'
        and not (s.status = 'failed' and s.run_next_if_failed = 1)
      order by s.id limit ${limit}`;
    return (await open.execute(db)).rows;
  },

  /** Upwards through what is blocked, to what made it so. */
  async whatBlocks(stageId, limit) {
    const causes = sql<OtherStage>`
      with recursive up(id) as (
        select ${sql`cast(${stageId} as ${sql.raw(can.int64)})`}
        union
        select s.id from up join stage_dependency d on d.stage_id = up.id join stage s on s.id = d.depends_on_id
        where ${BROKEN})
      select s.id, s.name, s.status from up join stage s on s.id = up.id
      where s.status <> 'blocked' order by s.id limit ${limit}`;
    return (await causes.execute(db)).rows;
  },

  async stagesInFront({ application_id, handler, id }, limit) {
    const line = await db
      .selectFrom('stage')
      .select('id')
      .where('application_id', '=', application_id)
      .where('handler', '=', handler)
      .where(sql<boolean>`status = 'pending' and held = 0`) // literals: the ready index serves only those
      .orderBy('priority', 'desc')
      .orderBy('run_at')
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const place = line.findIndex((stage) => stage.id === id);
    return place < 0 ? Math.min(line.length, limit) : place;
  },

  async workersWithHandler(applicationId, handler, seenSince) {
    const { rows } = await sql<HandlerWorkers>`
      with held as (
        select worker_id, count(*) as jobs
        from (select worker_id from stage where status = 'running' and application_id = ${applicationId} limit ${LEASES}) r
        group by worker_id),
      able as (
        select case when w.state = 'draining' or w.order_given <> 'run' then 1 else 0 end as draining,
          coalesce(held.jobs, case when (select sum(jobs) from held) >= ${LEASES} then w.in_flight else 0 end) as jobs
        from worker w left join held on held.worker_id = w.id
        where w.application_id = ${applicationId} and w.last_seen_at >= ${seenSince} and w.state <> 'stopped'
          and ${handler} in ${can.jsonTexts(sql.ref('w.handlers'))})
      select count(*) as live, coalesce(sum(draining), 0) as draining,
        coalesce(sum(case when draining = 0 and jobs = 0 then 1 else 0 end), 0) as free,
        coalesce(sum(case when draining = 0 then jobs else 0 end), 0) as "inFlight"
      from able`.execute(db);
    return rows[0] ?? { live: 0, draining: 0, free: 0, inFlight: 0 };
  },

  async liveHandlers(applicationId, seenSince) {
    const workers = await db
      .selectFrom('worker')
      .select('handlers')
      .where('application_id', '=', applicationId)
      .where('last_seen_at', '>=', seenSince)
      .where('state', '<>', 'stopped')
      .orderBy('last_seen_at', 'desc')
      .limit(WORKERS)
      .execute();
    return [...new Set(workers.flatMap(({ handlers }) => JSON.parse(handlers) as string[]))];
  },

  lastWorkerWith(applicationId, handler) {
    return db
      .selectFrom('worker as w')
      .select(['w.id', 'w.name', 'w.last_seen_at'])
      .where('w.application_id', '=', applicationId)
      .where(sql<boolean>`${handler} in ${can.jsonTexts(sql.ref('w.handlers'))}`)
      .orderBy('w.last_seen_at', 'desc')
      .limit(1)
      .executeTakeFirst();
  },
});
