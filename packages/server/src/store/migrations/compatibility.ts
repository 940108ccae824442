import { DEFAULT_MIGRATION_TABLE, type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';

/** State key: number of the oldest schema whose server may still run on this database. */
const MIN_COMPATIBLE = 'min_compatible';

/** What to do with a database whose migrations these are. */
export type Course = { kind: 'migrate' } | { kind: 'run' } | { kind: 'refuse'; why: string };

/** `0004-operate` → 4. */
const numberOf = (migration: string): number => Number.parseInt(migration, 10);

/**
 * Migrations expand: what an older server reads and writes stays. So an older one runs on beside newer ones, and migrates nothing,
 * until a contracting migration takes something away and says which schema that needs.
 * @param known - this server's migrations, in order
 * @param applied - those of the database
 * @param minCompatible - undefined when the database does not say
 */
export function decideCourse(known: readonly string[], applied: readonly string[], minCompatible: number | undefined): Course {
  if (applied.every((migration) => known.includes(migration))) return { kind: 'migrate' };
  const own = Math.max(...known.map(numberOf));
  const missing = known.filter((migration) => !applied.includes(migration));
  if (minCompatible !== undefined && own >= minCompatible && missing.length === 0) return { kind: 'run' };
  const needs =
    missing.length > 0
      ? `it lacks ${missing.join(', ')}, which this version needs`
      : `it needs schema ${minCompatible ?? 'unknown'} or newer, and this version knows ${own}`;
  return {
    kind: 'refuse',
    why: `the database was written by a newer version of Pipelogiq: ${needs}; start that version, or restore a backup`,
  };
}

export async function courseFor(db: Kysely<Schema>, known: readonly string[]): Promise<Course> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return { kind: 'migrate' };
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  const applied = rows.map(({ name }) => name);
  if (applied.length === 0) return { kind: 'migrate' }; // another server is about to fill it
  const state = await db.selectFrom('server_state').select('value').where('key', '=', MIN_COMPATIBLE).executeTakeFirst();
  return decideCourse(known, applied, state && Number(state.value));
}

/** For the first migration, and for each one that takes away what servers of older schemas use. */
export async function setMinCompatible(db: Kysely<never>, schema: number): Promise<void> {
  await (db as unknown as Kysely<Schema>)
    .insertInto('server_state')
    .values({ key: MIN_COMPATIBLE, value: String(schema) })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: String(schema) }))
    .execute();
}
