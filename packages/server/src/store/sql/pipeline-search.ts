import type { PipelineFilter } from '@pipelogiq/protocol';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import { pipelinesWithContext } from './context-filter.js';

/**
 * Up to so many matches are read off their indexes. Beyond, the newest of them are near the end of the table: a walk back from there
 * meets a page of them soon, where sorting all of them would not.
 */
const FEW = 30_000;

/** All strings that begin with `prefix`, as a half-open range that an index serves. */
const prefixRange = (prefix: string): [string, string] => [prefix, `${prefix}\u{10ffff}`];

/** `select id`: pipelines whose name or one of whose keywords begins with `search`; one that matches twice comes twice. */
const matching = (applicationId: number, search: string): RawBuilder<{ id: number }> => {
  const [low, high] = prefixRange(search);
  return sql`
    select id from pipeline where application_id = ${applicationId} and name >= ${low} and name < ${high}
    union all
    select pipeline_id from pipeline_keyword where application_id = ${applicationId} and keyword >= ${low} and keyword < ${high}`;
};

/** Which conditions of a filter few pipelines meet, so that these are looked up rather than met on a walk. */
export interface Rarity {
  search: boolean;
  /** Key of one item of the context. */
  context?: string;
}

/** For a walk over a bounded range of pipelines, where nothing is worth looking up. */
export const NOTHING_RARE: Rarity = { search: false };

export async function rarityOf(
  db: Kysely<Schema>,
  can: Capabilities,
  applicationId: number,
  { search, context = {} }: PipelineFilter,
): Promise<Rarity> {
  const rare = { search: search ? await isRare(db, matching(applicationId, search)) : false };
  for (const item of Object.entries(context)) {
    if (await isRare(db, pipelinesWithContext(can, item))) return { ...rare, context: item[0] };
  }
  return rare;
}

/** Whether no more than `FEW` entries match: looks at no more of them, whatever the size of the tables. */
async function isRare(db: Kysely<Schema>, entries: RawBuilder<{ id: number }>): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from (select 1 from (${entries}) as matches limit ${FEW + 1}) as counted`.execute(db);
  return Number(rows[0]?.found) <= FEW;
}

/** The condition on a pipeline `p` that it matches: the same pipelines either way. */
export function matches(can: Capabilities, applicationId: number, search: string, rare: boolean): RawBuilder<boolean> {
  if (rare) return sql`p.id in (${matching(applicationId, search)})`;
  const [low, high] = prefixRange(search);
  const text = can.typed(sql`${search}`, 'text');
  return sql`(p.name >= ${low} and p.name < ${high} or p.keywords is not null and exists (
    select 1 from ${can.jsonTexts(sql.ref('p.keywords'))} as k where substr(k.item, 1, length(${text})) = ${text}))`;
}

/** The condition on a pipeline `p` that its context has these values. */
export function hasContext(
  can: Capabilities,
  context: NonNullable<PipelineFilter['context']>,
  rareKey: string | undefined,
): RawBuilder<boolean> {
  const ofEach = Object.entries(context).map((item) =>
    item[0] === rareKey
      ? sql`p.id in (${pipelinesWithContext(can, item)})`
      : sql`exists (${pipelinesWithContext(can, item, sql`c.pipeline_id = p.id`)})`,
  );
  return sql<boolean>`(${sql.join(ofEach, sql` and `)})`;
}
