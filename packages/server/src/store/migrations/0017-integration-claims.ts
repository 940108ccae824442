import { type Kysely, sql } from 'kysely';

/** What is dropped of an integration's deliveries, and who holds some of them, is read off indexes; bulk actions know who asked for them. */
export async function up(db: Kysely<never>): Promise<void> {
  await sql`drop index integration_delivery_config`.execute(db);
  await sql`create index integration_delivery_config on integration_delivery (config_id, id, created_at)`.execute(db);
  await sql`create index integration_delivery_held on integration_delivery (config_id, held_until) where held_until > 0`.execute(
    db,
  );
  for (const column of ['request_id', 'compliance_id']) {
    await sql`alter table bulk_action add column ${sql.id(column)} text`.execute(db);
  }
}
