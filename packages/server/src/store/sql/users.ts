import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement } from '../statement.js';
import type { Users } from '../store.js';

const touchSessions = rowsStatement<{ id: number; lastSeenAt: number }>(
  { id: 'int', lastSeenAt: 'int' },
  (rows) => sql`
    with u(id, last_seen_at) as (${rows})
    update user_session set last_seen_at = u.last_seen_at from u
    where user_session.id = u.id and user_session.last_seen_at < u.last_seen_at`,
);

/** Rare enough to be compiled at every call. */
export const usersOf = ({ db, can, runRows }: SqlContext): Users => ({
  userById: (id) => db.selectFrom('user_account').selectAll().where('id', '=', id).executeTakeFirst(),
  userByKey: (key) => db.selectFrom('user_account').selectAll().where('username_key', '=', key).executeTakeFirst(),
  async lockOwners() {
    // One row to wait for: there may be no owner yet whose row could be locked.
    await db
      .insertInto('server_state')
      .values({ key: 'owners', value: '' })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value: '' }))
      .execute();
    return db
      .selectFrom('user_account')
      .selectAll()
      .where('role', '=', 'owner')
      .where('disabled_at', 'is', null)
      .orderBy('id')
      .execute();
  },
  async countUsers() {
    const row = await db
      .selectFrom('user_account')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },
  async insertUser(row) {
    await db.insertInto('user_account').values(row).execute();
  },
  async updateUser(id, change) {
    await db.updateTable('user_account').set(change).where('id', '=', id).execute();
  },
  async deleteUser(id) {
    for (const table of ['user_session', 'user_role', 'user_link'] as const)
      await db.deleteFrom(table).where('user_id', '=', id).execute();
    await db.deleteFrom('user_account').where('id', '=', id).execute();
  },
  async replaceRoles(userId, rows) {
    await db.deleteFrom('user_role').where('user_id', '=', userId).execute();
    if (rows.length > 0) await db.insertInto('user_role').values(rows).execute();
  },
  async roleIn(userId, applicationId) {
    const row = await db
      .selectFrom('user_role')
      .select('role')
      .where('user_id', '=', userId)
      .where('application_id', '=', applicationId)
      .executeTakeFirst();
    return row?.role;
  },
  async opensSession(tokenHash) {
    const row = await db.selectFrom('user_session').select('id').where('token_hash', '=', tokenHash).executeTakeFirst();
    return row !== undefined;
  },
  async insertSession(row) {
    await db.insertInto('user_session').values(row).execute();
  },
  async endSession(userId, id) {
    const ended = await db
      .deleteFrom('user_session')
      .where('id', '=', id)
      .where('user_id', '=', userId)
      .returning('id')
      .execute();
    return ended.length > 0;
  },
  async endSessionOf(tokenHash) {
    await db.deleteFrom('user_session').where('token_hash', '=', tokenHash).execute();
  },
  async endSessions(userId, exceptId) {
    const all = db.deleteFrom('user_session').where('user_id', '=', userId);
    const ended = await (exceptId === undefined ? all : all.where('id', '<>', exceptId)).returning('id').execute();
    return ended.length;
  },
  async renewSession(id, tokenHash) {
    await db.updateTable('user_session').set({ token_hash: tokenHash, by_link: 0 }).where('id', '=', id).execute();
  },
  async touchSessions(rows) {
    await runRows(touchSessions, rows);
  },
  async endOldSessions(userId, keep) {
    const kept = db.selectFrom('user_session').select('id').where('user_id', '=', userId).orderBy('id', 'desc').limit(keep);
    const rows = await kept.execute();
    const oldest = rows.at(-1);
    if (oldest === undefined || rows.length < keep) return;
    await db.deleteFrom('user_session').where('user_id', '=', userId).where('id', '<', oldest.id).execute();
  },
  async insertLink(row) {
    await db.insertInto('user_link').values(row).execute();
  },
  takeLink: (kind, tokenHash) =>
    db.deleteFrom('user_link').where('kind', '=', kind).where('token_hash', '=', tokenHash).returningAll().executeTakeFirst(),
  deleteLink: (kind, id) =>
    db.deleteFrom('user_link').where('kind', '=', kind).where('id', '=', id).returningAll().executeTakeFirst(),
  async deleteLinks(kind) {
    await db.deleteFrom('user_link').where('kind', '=', kind).execute();
  },
  async endLinksBy(actor, exceptSession) {
    const begun = db.deleteFrom('user_session').where('begun_by', '=', actor);
    await (exceptSession === undefined ? begun : begun.where('id', '<>', exceptSession)).execute();
    const gone = await db.deleteFrom('user_link').where('created_by', '=', actor).returning('id').execute();
    return gone.length;
  },
  async deleteLinksFor(userId) {
    await db.deleteFrom('user_link').where('user_id', '=', userId).execute();
  },
  async countLinks(kind) {
    const row = await db
      .selectFrom('user_link')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('kind', '=', kind)
      .executeTakeFirstOrThrow();
    return Number(row.n);
  },
  async pruneAccounts({ now, idleSince }) {
    await db.deleteFrom('user_link').where('expires_at', '<=', now).execute();
    const over = sql<boolean>`expires_at <= ${can.typed(sql`${now}`, 'int')} or last_seen_at <= ${can.typed(sql`${idleSince}`, 'int')}`;
    await db.deleteFrom('user_session').where(over).execute();
  },
});
