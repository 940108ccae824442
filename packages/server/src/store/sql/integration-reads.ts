import type { TraceFilter } from '@pipelogiq/protocol';
import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { IntegrationReads, LoggedRow, PipelineRow } from '../store.js';
import { filteredPipelines } from './pipeline-filter.js';
import { NOTHING_RARE } from './pipeline-search.js';

const HEALTH = [
  'last_tested_at',
  'last_success_at',
  'last_error_at',
  'last_error',
  'failures',
  'retry_at',
  'sent',
  'dropped',
] as const;

export function integrationReads(db: Kysely<Schema>, can: Capabilities): IntegrationReads {
  return {
    async integrations(applicationId) {
      const rows = await db
        .selectFrom('observability_integration_config as c')
        .innerJoin('observability_integration_health as h', 'h.config_id', 'c.id')
        .selectAll('c')
        .select(HEALTH.map((name) => `h.${name}` as const))
        .select((eb) =>
          eb
            .selectFrom('integration_delivery as d')
            .select(eb.fn.countAll<number>().as('n'))
            .whereRef('d.config_id', '=', 'c.id')
            .as('queued'),
        )
        .where('c.application_id', '=', applicationId)
        .execute();
      return rows.map((row) => ({
        ...row,
        queued: Number(row.queued),
        health: {
          config_id: row.id,
          last_tested_at: row.last_tested_at,
          last_success_at: row.last_success_at,
          last_error_at: row.last_error_at,
          last_error: row.last_error,
          failures: row.failures,
          retry_at: row.retry_at,
          sent: row.sent,
          dropped: row.dropped,
        },
      }));
    },
    integration: (applicationId, type) =>
      db
        .selectFrom('observability_integration_config')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('type', '=', type)
        .executeTakeFirst(),
    async dueIntegrations(now, limit) {
      const due = await sql<{ id: number }>`
        select c.id from observability_integration_config c join observability_integration_health h on h.config_id = c.id
        where c.enabled = 1 and (h.retry_at is null or h.retry_at <= ${now})
          and exists (select 1 from integration_delivery d where d.config_id = c.id and d.held_until <= ${now})
          and not exists (select 1 from integration_delivery d where d.config_id = c.id and d.held_until > 0 and d.held_until > ${now})
        order by coalesce(h.retry_at, 0), c.id limit ${limit}`.execute(db);
      return due.rows.map(({ id }) => id);
    },
    quietIntegrations({ types, quietSince, failedSince, limit }) {
      const since = sql<number>`case when h.failures > 0 then ${sql.lit(failedSince)} else ${sql.lit(quietSince)} end`;
      return db
        .selectFrom('observability_integration_config as c')
        .innerJoin('observability_integration_health as h', 'h.config_id', 'c.id')
        .selectAll('c')
        .select('h.failures')
        .where('c.enabled', '=', 1)
        .where('c.type', 'in', types)
        .where('c.updated_at', '<=', since)
        .where((eb) => eb.or([eb('h.last_tested_at', 'is', null), eb('h.last_tested_at', '<=', since)]))
        .where((eb) =>
          eb.or([eb('h.failures', '>', 0), eb('h.last_success_at', 'is', null), eb('h.last_success_at', '<=', quietSince)]),
        )
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('integration_delivery as d').select('d.id').whereRef('d.config_id', '=', 'c.id'))),
        )
        .orderBy(sql`coalesce(h.last_tested_at, 0)`)
        .orderBy('c.id')
        .limit(limit)
        .execute();
    },
    async deliveryEdges({ before, keep, after, limit }) {
      const own = sql`select d.id from integration_delivery d where d.config_id = c.id`;
      const found = await sql<{ id: number; beyond: number | null; aged: number | null }>`
        select c.id, (${own} order by d.id desc limit 1 offset ${keep}) as beyond,
          (${own} and d.created_at < ${before} order by d.id desc limit 1) as aged
        from observability_integration_config c where c.id > ${after} order by c.id limit ${limit}`.execute(db);
      const edges = found.rows.flatMap(({ id, beyond, aged }) =>
        beyond === null && aged === null ? [] : [{ configId: id, upTo: Math.max(beyond ?? 0, aged ?? 0) }],
      );
      return { edges, next: found.rows.length === limit ? found.rows.at(-1)?.id : undefined };
    },
    async loggedLines(ids) {
      if (ids.length === 0) return [];
      const lines = await sql<LoggedRow>`
        select l.id, l.pipeline_id, l.stage_id, l.level, l.message, l.fields, l.logged_at, a.name as application, p.name as pipeline,
          p.environment, p.version, p.trace_id, s.name as stage, s.handler, s.span_id
        from stage_log l join pipeline p on p.id = l.pipeline_id join application a on a.id = p.application_id
          left join stage s on s.id = l.stage_id
        where l.id ${can.anyOf(sql`${can.array(ids)}`)} order by l.id`.execute(db);
      return lines.rows;
    },
    traces: (applicationId, filter, page) => traces(db, can, applicationId, filter, page),
  };
}

/** Durations have no index: how many pipelines a page looks at bounds what it costs. */
async function traces(
  db: Kysely<Schema>,
  can: Capabilities,
  applicationId: number,
  { traceId, pipeline, status, minDurationMs, maxDurationMs, from, to }: TraceFilter,
  { limit, after, lookedAt, now }: Parameters<IntegrationReads['traces']>[2],
): ReturnType<IntegrationReads['traces']> {
  const filter = {
    ...(traceId !== undefined && { traceId }),
    ...(pipeline !== undefined && { name: pipeline }),
    ...(status !== undefined && { status }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
  const duration = sql<number>`coalesce(finished_at, ${now}) - started_at`;
  let near = filteredPipelines(db, can, applicationId, filter, NOTHING_RARE);
  if (after !== undefined) near = near.where('p.id', '<', after);
  near = near.orderBy('p.id', 'desc');
  const bounds = [
    ...(minDurationMs === undefined ? [] : [sql`${duration} >= ${minDurationMs}`]),
    ...(maxDurationMs === undefined ? [] : [sql`${duration} <= ${maxDurationMs}`]),
  ];
  if (bounds.length === 0) return pageOf(await near.limit(limit + 1).execute(), limit, undefined);
  const looked = near.limit(lookedAt);
  const found = await sql<PipelineRow & { application: string }>`
    select * from (${looked}) as near where ${sql.join(bounds, sql` and `)} order by id desc limit ${limit + 1}`.execute(db);
  if (found.rows.length > limit) return pageOf(found.rows, limit, undefined);
  const edge = await sql<{ id: number | null; count: number }>`
    select min(id) as id, count(*) as count from (${looked.clearSelect().select('p.id')}) as near`.execute(db);
  const [last] = edge.rows;
  return pageOf(found.rows, limit, Number(last?.count) === lookedAt ? (last?.id ?? undefined) : undefined);
}

/** @param edge - where the look ended, when there is more behind it */
const pageOf = <Row extends { id: number }>(rows: Row[], limit: number, edge: number | undefined) => ({
  rows: rows.slice(0, limit),
  next: rows.length > limit ? rows[limit - 1]?.id : edge,
});
