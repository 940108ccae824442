import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';

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

/** Whether no more than `FEW` entries match: looks at no more of them, whatever the size of the tables. */
export async function isRare(db: Kysely<Schema>, applicationId: number, search: string): Promise<boolean> {
  const { rows } = await sql<{ found: number }>`
    select count(*) as found from (select 1 from (${matching(applicationId, search)}) as matches limit ${FEW + 1}) as counted`.execute(
    db,
  );
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
