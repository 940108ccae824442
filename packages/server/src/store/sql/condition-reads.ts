import { type Kysely, sql } from 'kysely';
import type { AlertReads, LatePipeline } from '../alert-rows.js';
import type { WaitingHandler } from '../health-rows.js';
import type { Schema } from '../schema.js';

type Conditions = Pick<
  AlertReads,
  'latePipelines' | 'pipelinesWithoutSla' | 'silentWorkersOf' | 'waitingHandlersOf' | 'onlineWorkers'
>;

const LATE = sql`p.id, p.name, p.environment, p.version, p.trace_id, p.keywords, p.started_at`;
const READY = sql`s.status = 'pending' and s.held = 0`; // literals: the ready index serves only those

/** What conditions of alerts look at: of one application, in pages, by indexes. What others have costs nothing. */
export const conditionReads = (db: Kysely<Schema>): Conditions => ({
  async latePipelines(applicationId, now, { limit, after }) {
    const at = after ? after.started_at + after.sla_ms : 0;
    const { rows } = await sql<LatePipeline>`
      select ${LATE}, p.sla_ms from pipeline p
      where p.application_id = ${applicationId} and p.status = 'running' and p.sla_ms is not null
        and (p.started_at + p.sla_ms) <= ${now} and (p.started_at + p.sla_ms) >= ${at}
        and ((p.started_at + p.sla_ms) > ${at} or p.id > ${after?.id ?? 0})
      order by (p.started_at + p.sla_ms), p.id limit ${limit}`.execute(db);
    return rows;
  },
  async pipelinesWithoutSla(applicationId, slaMs, { limit, after }) {
    const { rows } = await sql<LatePipeline & { created_at: number }>`
      select ${LATE}, cast(${slaMs} as bigint) as sla_ms, p.created_at from pipeline p
      where p.application_id = ${applicationId} and p.status = 'running' and p.id > ${after} and p.sla_ms is null
      order by p.id limit ${limit}`.execute(db);
    return rows;
  },
  silentWorkersOf: (applicationId, until, { limit, after }) =>
    db
      .selectFrom('worker')
      .select(['id', 'name', 'last_seen_at'])
      .where('application_id', '=', applicationId)
      .where('state', '<>', 'stopped')
      .where('last_seen_at', '<', until)
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute(),
  /** From the first of one handler to the first of the next: the length of the lines does not matter. */
  async waitingHandlersOf(applicationId, { limit, after }) {
    const first = (from: ReturnType<typeof sql>) => sql`
      (select s.id from stage s where ${READY} and s.application_id = ${applicationId} and s.handler > ${from}
       order by s.handler, s.priority desc, s.run_at, s.id limit 1)`;
    const { rows } = await sql<Omit<WaitingHandler, 'application_id'>>`
      with recursive head(id) as (
        select ${first(sql`${after}`)}
        union all
        select ${first(sql`c.handler`)} from head join stage c on c.id = head.id)
      select s.handler, s.ready_at from head join stage s on s.id = head.id limit ${limit}`.execute(db);
    return rows;
  },
  async onlineWorkers(applicationId, liveSince) {
    const rows = await db
      .selectFrom('worker')
      .select((eb) => ['pool', eb.fn.countAll<number>().as('count')])
      .where('application_id', '=', applicationId)
      .where('state', '<>', 'stopped')
      .where('last_seen_at', '>=', liveSince)
      .groupBy('pool')
      .execute();
    return rows.map(({ pool, count }) => ({ pool, count: Number(count) }));
  },
});
