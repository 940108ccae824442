import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, statement } from '../statement.js';

const state = statement<{ key: string }, { value: string }>(
  ({ slot }) => sql`select value from server_state where key = ${slot('key', 'text')}`,
);

const lockedState = statement<{ key: string }, { value: string }>(
  (context) => sql`${state.build(context)} ${forUpdate(context.can)}`,
);

export async function getState({ run }: SqlContext, key: string): Promise<string | undefined> {
  return (await run(state, { key }))[0]?.value;
}

/** As `getState`; what is read stays so until the commit. */
export async function lockState({ run }: SqlContext, key: string): Promise<string | undefined> {
  return (await run(lockedState, { key }))[0]?.value;
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
