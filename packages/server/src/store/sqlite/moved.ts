import type { Kysely } from 'kysely';
import type { Schema } from '../schema.js';

/** State key: when the database was moved to PostgreSQL. */
export const MOVED_TO = 'moved_to_postgres';

/** Two servers on two copies would run every job twice. @throws Error in words */
export async function refuseMoved(db: Kysely<Schema>, path: string): Promise<void> {
  const row = await db.selectFrom('server_state').select('value').where('key', '=', MOVED_TO).executeTakeFirst();
  if (row) throw new Error(`${path} was moved to PostgreSQL at ${row.value}: start the server with that database`);
}
