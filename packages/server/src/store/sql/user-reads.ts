import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import type { UserReads } from '../store.js';

export function userReads(db: Kysely<Schema>, can: Capabilities): UserReads {
  return {
    async sessionByHash(tokenHash) {
      const session = await db.selectFrom('user_session').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst();
      const user =
        session && (await db.selectFrom('user_account').selectAll().where('id', '=', session.user_id).executeTakeFirst());
      return user && { session, user };
    },
    user: (id) => db.selectFrom('user_account').selectAll().where('id', '=', id).executeTakeFirst(),
    userByKey: (key) => db.selectFrom('user_account').selectAll().where('username_key', '=', key).executeTakeFirst(),
    users({ limit, after }) {
      const query = db.selectFrom('user_account').selectAll().orderBy('id', 'desc').limit(limit);
      return (after === undefined ? query : query.where('id', '<', after)).execute();
    },
    rolesOfUsers: (userIds) =>
      db
        .selectFrom('user_role as r')
        .innerJoin('application as a', 'a.id', 'r.application_id')
        .selectAll('r')
        .select('a.name as application')
        .where(sql<boolean>`r.user_id ${can.anyOf(sql`${can.array(userIds)}`)}`)
        .orderBy('a.name')
        .execute(),
    sessionsOfUser(userId, { now, idleSince }, { limit, after }) {
      const query = db
        .selectFrom('user_session')
        .selectAll()
        .where('user_id', '=', userId)
        .where('expires_at', '>', now)
        .where('last_seen_at', '>', idleSince)
        .orderBy('id', 'desc')
        .limit(limit);
      return (after === undefined ? query : query.where('id', '<', after)).execute();
    },
    async hasOwner() {
      const owners = db.selectFrom('user_account').select('id').where('role', '=', 'owner').where('disabled_at', 'is', null);
      return (await owners.executeTakeFirst()) !== undefined;
    },
    link: (kind, tokenHash, now) =>
      db
        .selectFrom('user_link')
        .selectAll()
        .where('kind', '=', kind)
        .where('token_hash', '=', tokenHash)
        .where('expires_at', '>', now)
        .executeTakeFirst(),
    links(kind, now, { limit, after }) {
      const query = db
        .selectFrom('user_link')
        .selectAll()
        .where('kind', '=', kind)
        .where('expires_at', '>', now)
        .orderBy('id', 'desc')
        .limit(limit);
      return (after === undefined ? query : query.where('id', '<', after)).execute();
    },
  };
}
