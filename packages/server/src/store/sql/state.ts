import type { SqlContext } from '../sql-context.js';

export async function getState({ db }: SqlContext, key: string): Promise<string | undefined> {
  return (await db.selectFrom('server_state').select('value').where('key', '=', key).executeTakeFirst())?.value;
}
