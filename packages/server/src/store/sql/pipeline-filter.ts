import type { PipelineFilter } from '@pipelogiq/protocol';
import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { BulkMatch, PipelineRow, StageMatch } from '../store.js';
import { hasContext, matches, type Rarity } from './pipeline-search.js';

export type PipelineQuery = SelectQueryBuilder<
  Schema & { p: Schema['pipeline']; a: Schema['application'] },
  'p' | 'a',
  PipelineRow & { application: string }
>;

export const pipelinesWithApplication = (db: Kysely<Schema>): PipelineQuery =>
  db
    .selectFrom('pipeline as p')
    .innerJoin('application as a', 'a.id', 'p.application_id')
    .selectAll('p')
    .select('a.name as application') as unknown as PipelineQuery;

/**
 * The pipelines of an application that a list, or an action on many, is asked for.
 * @param rare - what few match, so that they are looked up rather than met (pipeline-search.ts)
 */
export function filteredPipelines(
  db: Kysely<Schema>,
  can: Capabilities,
  applicationId: number,
  filter: PipelineFilter,
  rare: Rarity,
): PipelineQuery {
  let query = pipelinesWithApplication(db).where('p.application_id', '=', applicationId);
  if (filter.status) query = query.where('p.status', '=', filter.status);
  if (filter.name) query = query.where('p.name', '=', filter.name);
  if (filter.application) query = query.where('a.name', '=', filter.application);
  if (filter.version) query = query.where('p.version', '=', filter.version);
  if (filter.traceId) query = query.where('p.trace_id', '=', filter.traceId);
  if (filter.from) query = query.where('p.created_at', '>=', Date.parse(filter.from));
  if (filter.to) query = query.where('p.created_at', '<', Date.parse(filter.to));
  if (filter.keyword) query = query.where(withKeyword(applicationId, sql`keyword = ${filter.keyword}`));
  if (filter.search) query = query.where(matches(can, applicationId, filter.search, rare.search));
  if (filter.context) query = query.where(hasContext(can, filter.context, rare.context));
  return query;
}

/** As `filteredPipelines`; those alone that have such a stage, when stages are asked for. */
export function matchingPipelines(db: Kysely<Schema>, can: Capabilities, match: BulkMatch, rare: Rarity): PipelineQuery {
  const { applicationId, filter, stages } = match;
  const query = suspectPipelines(filteredPipelines(db, can, applicationId, filter, rare), match);
  return stages ? query.where(sql<boolean>`exists (select 1 ${matchingStages(stages)})`) : query;
}

/** Of stages with a fingerprint: the few pipelines that had such a failure, found by its index rather than met. */
export function suspectPipelines(query: PipelineQuery, { applicationId, stages }: BulkMatch): PipelineQuery {
  if (stages?.fingerprint === undefined) return query;
  return query.where(
    sql<boolean>`p.id in (
      select f.stage_id / ${sql.lit(stages.positions)} from stage_failure f
      where f.application_id = ${applicationId} and f.fingerprint = ${stages.fingerprint})`,
  );
}

/** `from …`: such stages of the pipeline `p`, found by the range of their ids. */
export function matchingStages(match: StageMatch): RawBuilder<unknown> {
  const width = sql.lit(match.positions);
  return sql`from stage s where s.id >= p.id * ${width} and s.id < (p.id + 1) * ${width} and ${isMatch(match, 's')}`;
}

/** Whether the stage of this alias is such a one. */
export function isMatch({ status, name, handler, fingerprint }: StageMatch, alias: 's' | 'b'): RawBuilder<unknown> {
  const of = (column: string): RawBuilder<unknown> => sql.ref(`${alias}.${column}`);
  const conditions = [
    sql`${of('status')} = ${status}`,
    ...(name === undefined ? [] : [sql`${of('name')} = ${name}`]),
    ...(handler === undefined ? [] : [sql`${of('handler')} = ${handler}`]),
    ...(fingerprint === undefined
      ? []
      : [sql`exists (select 1 from stage_failure f where f.stage_id = ${of('id')} and f.fingerprint = ${fingerprint})`]),
  ];
  return sql.join(conditions, sql` and `);
}

function withKeyword(applicationId: number, condition: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`p.id in (select pipeline_id from pipeline_keyword where application_id = ${applicationId} and ${condition})`;
}
