import type { Kysely } from 'kysely';

/** Incidents keep in which labels the events differ that nobody was told of. */
export async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('alert_incident').addColumn('untold', 'text').execute();
  await (db as unknown as Kysely<{ alert_incident: { untold: string; notified: number } }>)
    .updateTable('alert_incident')
    .set({ untold: '{}' })
    .where('notified', '=', 0)
    .execute();
}
