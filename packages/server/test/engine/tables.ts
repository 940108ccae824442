import { isPostgresUrl } from '../../src/config.js';
import { connect } from '../support/files.js';
import { queryOnce } from '../support/query.js';

export type Row = Record<string, unknown>;

/** Asks a database that a control plane of the test is on, through a connection of its own. */
export async function query(database: string, text: string): Promise<Row[]> {
  if (!isPostgresUrl(database)) return connect(database, { readonly: true }).prepare(text).all() as Row[];
  return queryOnce<Row>(database, text);
}

/** Names and columns of all tables. */
export async function columnsOf(database: string): Promise<{ table: string; column: string }[]> {
  const text = isPostgresUrl(database)
    ? `select table_name as "table", column_name as "column" from information_schema.columns where table_schema = 'public'`
    : `select m.name as "table", c.name as "column" from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'`;
  return (await query(database, text)) as { table: string; column: string }[];
}

/** Every row of these tables, as comparable texts. */
export async function rowsOf(database: string, tables: readonly string[]): Promise<Map<string, Row[]>> {
  const found = new Map<string, Row[]>();
  for (const table of tables) found.set(table, await query(database, `select * from ${table}`));
  return found;
}
