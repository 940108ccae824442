import { type RawBuilder, sql } from 'kysely';

/** What a database can do, so that shared SQL asks for abilities and never for a dialect's name. */
export interface Capabilities {
  /** 64-bit integers in table definitions; SQLite calls them integer, and only `integer primary key` is its row id. */
  int64: 'integer' | 'bigint';
  /** Type of texts that are compared and listed in order: by bytes, on every store alike. */
  ordered: RawBuilder<unknown>;
  /** A column of texts that was not made so, compared by bytes: what begins alike is one range. */
  byBytes(column: RawBuilder<unknown>): RawBuilder<string>;
  /** Ids come from sequences, which no transaction holds; else from rows that are locked until the commit. */
  sequences: boolean;
  /** Several connections write: rows must be locked in the agreed order, and a claim skips what others hold. */
  rowLocks: boolean;
  /** Commits overlap: what must be in their order is written under a lock that is held until the commit. */
  overlappingCommits: boolean;
  /** Tables take settings of how their pages are filled and cleaned. */
  storageParameters: boolean;
  /** How a table of values travels: a tuple of arguments a row, or an array a column. */
  tables: 'tuples' | 'arrays';
  /** `operand in (…)` over an array argument of integers. */
  anyOf(argument: RawBuilder<unknown>): RawBuilder<boolean>;
  /** How an array travels as one argument. */
  array(values: readonly unknown[]): unknown;
  /** An argument whose type the database could not infer by itself. */
  typed(argument: RawBuilder<unknown>, type: ColumnType): RawBuilder<unknown>;
  /** `select …` of a table whose columns travel as arrays; only where `tables` is 'arrays'. */
  unnest(columns: readonly { argument: RawBuilder<unknown>; type: ColumnType }[]): RawBuilder<unknown>;
  greatest(...values: RawBuilder<unknown>[]): RawBuilder<number>;
  least(...values: RawBuilder<unknown>[]): RawBuilder<number>;
  /** `(select …)`: one row per element of an array of texts, in a column `item`. */
  each(argument: RawBuilder<unknown>): RawBuilder<unknown>;
  /** As `each`, of an array of integers. */
  eachId(argument: RawBuilder<unknown>): RawBuilder<unknown>;
  /** `(select …)`: one row per element of a column that holds a JSON array of texts, in a column `item`. */
  jsonTexts(column: RawBuilder<unknown>): RawBuilder<unknown>;
  /** Size of the database in bytes. */
  databaseBytes: RawBuilder<number>;
}

export type ColumnType = 'int' | 'real' | 'text';

/** SQLite: arrays are JSON texts, types are dynamic, `max` and `min` take several values. One writer, so no row is ever locked. */
export const sqliteCapabilities: Capabilities = {
  int64: 'integer',
  ordered: sql`text`,
  byBytes: (column) => sql`${column}`,
  sequences: false,
  rowLocks: false,
  overlappingCommits: false,
  storageParameters: false,
  tables: 'tuples',
  anyOf: (argument) => sql`in (select value from json_each(${argument}))`,
  array: (values) => JSON.stringify(values),
  typed: (argument) => argument,
  unnest: () => {
    throw new Error('SQLite takes tables of values as tuples');
  },
  greatest: (...values) => sql`max(${sql.join(values)})`,
  least: (...values) => sql`min(${sql.join(values)})`,
  each: (argument) => sql`(select value as item from json_each(${argument}))`,
  eachId: (argument) => sql`(select value as item from json_each(${argument}))`,
  jsonTexts: (column) => sql`(select value as item from json_each(${column}))`,
  databaseBytes: sql`(select p.page_count * s.page_size from pragma_page_count p, pragma_page_size s)`,
};

const POSTGRES_TYPES = { int: 'bigint', real: 'double precision', text: 'text' } as const satisfies Record<ColumnType, string>;

/** PostgreSQL: arrays are arguments of their own, and a batch is one text whatever its size, planned once. */
export const postgresCapabilities: Capabilities = {
  int64: 'bigint',
  ordered: sql`text collate "C"`,
  byBytes: (column) => sql`(${column} collate "C")`,
  sequences: true,
  rowLocks: true,
  overlappingCommits: true,
  storageParameters: true,
  tables: 'arrays',
  anyOf: (argument) => sql`= any(cast(${argument} as bigint[]))`,
  array: (values) => values,
  typed: (argument, type) => sql`cast(${argument} as ${sql.raw(POSTGRES_TYPES[type])})`,
  unnest: (columns) =>
    sql`select * from unnest(${sql.join(columns.map(({ argument, type }) => sql`cast(${argument} as ${sql.raw(POSTGRES_TYPES[type])}[])`))})`,
  greatest: (...values) => sql`greatest(${sql.join(values)})`,
  least: (...values) => sql`least(${sql.join(values)})`,
  each: (argument) => sql`(select unnest(cast(${argument} as text[])) as item)`,
  eachId: (argument) => sql`(select unnest(cast(${argument} as bigint[])) as item)`,
  jsonTexts: (column) => sql`(select json_array_elements_text(cast(${column} as json)) as item)`,
  databaseBytes: sql`pg_database_size(current_database())`,
};
