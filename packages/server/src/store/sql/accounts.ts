import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement } from '../statement.js';
import type { Accounts, ApiKeyRow, ApplicationRow, Ms } from '../store.js';

const touchApiKeys = rowsStatement<{ id: number; lastUsedAt: number }>(
  { id: 'int', lastUsedAt: 'int' },
  (rows) => sql`
    with u(id, last_used_at) as (${rows})
    update api_key set last_used_at = u.last_used_at from u where api_key.id = u.id`,
);

export const accountsOf = ({ runRows, db }: SqlContext): Accounts => {
  return {
    applicationByName(name: string): Promise<ApplicationRow | undefined> {
      return db.selectFrom('application').selectAll().where('name', '=', name).executeTakeFirst();
    },
    async insertApplication(row: ApplicationRow): Promise<void> {
      await db
        .insertInto('application')
        .values(row)
        .onConflict((conflict) => conflict.column('name').doNothing())
        .execute();
    },
    async insertApiKey(row: ApiKeyRow): Promise<void> {
      await db
        .insertInto('api_key')
        .values(row)
        .onConflict((conflict) => conflict.column('key_hash').doNothing())
        .execute();
    },
    async hasApiKey(keyHash: string): Promise<boolean> {
      return (await db.selectFrom('api_key').select('id').where('key_hash', '=', keyHash).executeTakeFirst()) !== undefined;
    },
    disableApiKey(id: number, applicationId: number | undefined, now: Ms): Promise<ApiKeyRow | undefined> {
      const update = db
        .updateTable('api_key')
        .set((eb) => ({ disabled_at: eb.fn.coalesce('disabled_at', eb.val(now)) }))
        .where('id', '=', id);
      return (applicationId === undefined ? update : update.where('application_id', '=', applicationId))
        .returningAll()
        .executeTakeFirst();
    },
    rotateApiKey(id, applicationId, { key_hash, prefix, oldExpiresAt }) {
      const update = db
        .updateTable('api_key')
        .set((eb) => ({ key_hash, prefix, old_key_hash: eb.ref('key_hash'), old_expires_at: oldExpiresAt }))
        .where('id', '=', id)
        .where('disabled_at', 'is', null);
      return (applicationId === undefined ? update : update.where('application_id', '=', applicationId))
        .returningAll()
        .executeTakeFirst();
    },
    async touchApiKeys(rows: { id: number; lastUsedAt: Ms }[]): Promise<void> {
      await runRows(touchApiKeys, rows);
    },
  };
};
