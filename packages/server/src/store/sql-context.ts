import type { Kysely } from 'kysely';
import type { Capabilities } from './capabilities.js';
import type { Schema } from './schema.js';
import type { RowsStatement, Statement, Statements } from './statement.js';

type Values = Record<string, unknown>;

/** What the parts of a transaction run their SQL with. Empty batches never reach the database. */
export interface SqlContext {
  /** For queries that are not hot: Kysely compiles them at every call. */
  readonly db: Kysely<Schema>;
  readonly can: Capabilities;
  run<Args extends Values, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row[]>;
  /** Over a table of values. */
  runRows<Item extends Values, Args extends Values, Row>(
    statement: RowsStatement<Item, Args, Row>,
    items: readonly object[],
    args?: Args,
  ): Promise<Row[]>;
  /** Over an array of ids. */
  runIds<Args extends { ids: number[] }, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row[]>;
}

/** @param db - the connection that the transaction is open on */
export function sqlContext(db: Kysely<Schema>, statements: Statements): SqlContext {
  return {
    db,
    can: statements.can,
    run: (statement, args) => statements.run(db, statement, args),
    runRows: async (statement, items, args) =>
      items.length === 0 ? [] : statements.runRows(db, statement, items as never, args ?? ({} as never)),
    runIds: async (statement, args) => (args.ids.length === 0 ? [] : statements.run(db, statement, args)),
  };
}
