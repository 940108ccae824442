import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';

/** Users, what they may do, their sessions and one-time links; two live secrets of a key; names in the audit trail. */
export async function up(db: Kysely<never>, can: Capabilities): Promise<void> {
  const { int64, ordered } = can;
  if (can.sequences) {
    for (const name of ['user_account', 'user_session', 'user_link'])
      await sql`create sequence ${sql.ref(`${name}_id`)} as bigint`.execute(db);
  }
  const forAll = sql`role = 'viewer' or role = 'operator' or role = 'admin' or role = 'owner'`;
  await db.schema
    .createTable('user_account')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('username_key', ordered, (c) => c.notNull().unique())
    .addColumn('role', 'text', (c) => c.check(forAll))
    .addColumn('password_hash', 'text')
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('last_login_at', int64)
    .addColumn('disabled_at', int64)
    .execute();
  await db.schema
    .createTable('user_role')
    .addColumn('user_id', int64, (c) => c.notNull())
    .addColumn('application_id', int64, (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull().check(sql`role = 'viewer' or role = 'operator' or role = 'admin'`))
    .addPrimaryKeyConstraint('user_role_pk', ['user_id', 'application_id'])
    .execute();
  await db.schema
    .createTable('user_session')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('user_id', int64, (c) => c.notNull())
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('last_seen_at', int64, (c) => c.notNull())
    .addColumn('expires_at', int64, (c) => c.notNull())
    .addColumn('address', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('by_link', int64, (c) => c.notNull().check(sql`by_link = 0 or by_link = 1`))
    .execute();
  await sql`create index user_session_user on user_session (user_id, id)`.execute(db);
  await db.schema
    .createTable('user_link')
    .addColumn('id', int64, (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull().check(sql`kind = 'setup' or kind = 'invite' or kind = 'sign_in'`))
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('user_id', int64)
    .addColumn('username', 'text')
    .addColumn('role', 'text')
    .addColumn('applications', 'text')
    .addColumn('created_at', int64, (c) => c.notNull())
    .addColumn('expires_at', int64, (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .execute();
  await sql`alter table api_key add column old_key_hash text`.execute(db);
  await sql`alter table api_key add column old_expires_at ${sql.raw(int64)}`.execute(db);
  await sql`create index api_key_old_hash on api_key (old_key_hash) where old_key_hash is not null`.execute(db);
  await sql`alter table audit_event add column actor_name text`.execute(db);
}
