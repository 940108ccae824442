import type { Kysely } from 'kysely';

/** Sessions keep who made the link that they began by. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('user_session').addColumn('begun_by', 'text').execute();
}
