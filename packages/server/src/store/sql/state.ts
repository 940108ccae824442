import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';

const state = statement<{ key: string }, { value: string }>(
  ({ slot }) => sql`select value from server_state where key = ${slot('key', 'text')}`,
);

const stateRow = ({ db }: SqlContext, key: string) => db.selectFrom('server_state').select('value').where('key', '=', key);

export async function getState({ run }: SqlContext, key: string): Promise<string | undefined> {
  return (await run(state, { key }))[0]?.value;
}

/** As `getState`; what is read stays so until the commit. */
export async function lockState(context: SqlContext, key: string): Promise<string | undefined> {
  const row = await stateRow(context, key)
    .$if(context.can.rowLocks, (query) => query.forUpdate())
    .executeTakeFirst();
  return row?.value;
}

export async function setState({ db }: SqlContext, key: string, value: string): Promise<void> {
  await db
    .insertInto('server_state')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}

export async function keepState(context: SqlContext, key: string, value: string): Promise<string> {
  const kept = await getState(context, key);
  if (kept !== undefined) return kept;
  await context.db
    .insertInto('server_state')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doNothing()) // waits for another writer that sets it, and then sees its value
    .execute();
  return (await getState(context, key)) ?? value;
}
