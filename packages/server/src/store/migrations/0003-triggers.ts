import { HOOK_AUTHS, MISSED_RUNS } from '@pipelogiq/protocol';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

const oneOf = (column: string, values: readonly string[]): RawBuilder<boolean> =>
  sql`${sql.join(
    values.map((value) => sql`${sql.ref(column)} = ${sql.lit(value)}`),
    sql` or `,
  )}`;

/** Schedules and their firings, inbound hooks and their deliveries. */
export async function up(db: Kysely<never>, can: Capabilities): Promise<void> {
  if (can.sequences) {
    for (const name of ['schedule', 'hook']) await sql`create sequence ${sql.id(`${name}_id`)} as bigint`.execute(db);
  }
  await schedules(db, can);
  await hooks(db, can);
}

async function schedules(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .createTable('schedule')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('cron', 'text', (c) => c.notNull())
    .addColumn('time_zone', 'text', (c) => c.notNull())
    .addColumn('missed_runs', 'text', (c) => c.notNull().check(oneOf('missed_runs', MISSED_RUNS)))
    .addColumn('grace_ms', int64, (c) => c.notNull().check(sql`grace_ms >= 0`))
    .addColumn('template', 'text', (c) => c.notNull())
    .addColumn('paused', int64, (c) => c.notNull().check(sql`paused = 0 or paused = 1`))
    .addColumn('decided_until', int64, (c) => c.notNull())
    .addColumn('next_fire_at', int64)
    .addColumn('last_fire_at', int64)
    .addColumn('last_pipeline_id', int64)
    .addColumn('missed', int64, (c) => c.notNull())
    .addColumn('last_error', 'text')
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('updated_at', int64, (c) => c.notNull())
    .addUniqueConstraint('schedule_name', ['application_id', 'name'])
    .execute();
  await sql`create index schedule_due on schedule (next_fire_at) where paused = 0`.execute(db);
  await sql`create index schedule_application on schedule (application_id, id)`.execute(db);
  await db.schema
    .createTable('schedule_firing')
    .addColumn('schedule_id', int64, (c) => c.notNull())
    .addColumn('fire_at', int64, (c) => c.notNull())
    .addColumn('pipeline_id', int64)
    .addColumn('fired_at', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('schedule_firing_key', ['schedule_id', 'fire_at'])
    .execute();
  await sql`create index schedule_firing_age on schedule_firing (fired_at)`.execute(db);
}

async function hooks(db: Kysely<never>, { int64 }: Capabilities): Promise<void> {
  await db.schema
    .createTable('hook')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('auth', 'text', (c) => c.notNull().check(oneOf('auth', HOOK_AUTHS)))
    .addColumn('token_hash', 'text')
    .addColumn('secrets', 'text')
    .addColumn('template', 'text', (c) => c.notNull())
    .addColumn('delivery_id', 'text')
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('updated_at', int64, (c) => c.notNull())
    // A hook without credentials would let anybody in.
    .addCheckConstraint(
      'hook_credentials',
      sql`(auth = 'token') = (token_hash is not null) and (auth = 'signature') = (secrets is not null)`,
    )
    .execute();
  await sql`create index hook_application on hook (application_id, id)`.execute(db);
  await db.schema
    .createTable('hook_delivery')
    .addColumn('hook_id', int64, (c) => c.notNull())
    .addColumn('delivery_id', 'text', (c) => c.notNull())
    .addColumn('pipeline_id', int64)
    .addColumn('received_at', int64, (c) => c.notNull())
    .addPrimaryKeyConstraint('hook_delivery_key', ['hook_id', 'delivery_id'])
    .execute();
  await sql`create index hook_delivery_age on hook_delivery (received_at)`.execute(db);
}
