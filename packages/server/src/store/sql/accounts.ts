import { type ExpressionBuilder, sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement } from '../statement.js';
import type { Accounts, ApiKeyRow, ApiKeyTable, ApplicationRow, KeyReach, Ms } from '../store.js';

const touchApiKeys = rowsStatement<{ id: number; lastUsedAt: number }>(
  { id: 'int', lastUsedAt: 'int' },
  (rows) => sql`
    with u(id, last_used_at) as (${rows})
    update api_key set last_used_at = u.last_used_at from u where api_key.id = u.id`,
);

/** Of keys that somebody may see and change. */
const within =
  ({ applicationId, ofAll }: KeyReach) =>
  (eb: ExpressionBuilder<{ api_key: ApiKeyTable }, 'api_key'>) =>
    eb.and([
      ...(applicationId === undefined ? [] : [eb('application_id', '=', applicationId)]),
      ...(ofAll ? [] : [eb('all_applications', '=', 0)]),
    ]);

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
    disableApiKey(id, reach, now) {
      return db
        .updateTable('api_key')
        .set((eb) => ({ disabled_at: eb.fn.coalesce('disabled_at', eb.val(now)) }))
        .where('id', '=', id)
        .where(within(reach))
        .returningAll()
        .executeTakeFirst();
    },
    async isKeyOn(id) {
      const row = await db
        .selectFrom('api_key')
        .select('id')
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirst();
      return row !== undefined;
    },
    async opensKey(keyHash, now) {
      const row = await db
        .selectFrom('api_key')
        .select('id')
        .where((eb) =>
          eb.or([eb('key_hash', '=', keyHash), eb.and([eb('old_key_hash', '=', keyHash), eb('old_expires_at', '>', now)])]),
        )
        .where('disabled_at', 'is', null)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .executeTakeFirst();
      return row !== undefined;
    },
    rotateApiKey(id, reach, { key_hash, prefix, oldExpiresAt }) {
      return db
        .updateTable('api_key')
        .set((eb) => ({ key_hash, prefix, old_key_hash: eb.ref('key_hash'), old_expires_at: oldExpiresAt }))
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .where(within(reach))
        .returningAll()
        .executeTakeFirst();
    },
    async touchApiKeys(rows: { id: number; lastUsedAt: Ms }[]): Promise<void> {
      await runRows(touchApiKeys, rows);
    },
  };
};
