import { type RawBuilder, sql } from 'kysely';

/** What a database can do, so that shared SQL asks for abilities and never for a dialect's name. */
export interface Capabilities {
  /** 64-bit integers in table definitions. */
  int64: 'integer' | 'bigint';
  /** `operand in (…)` over an array argument. */
  anyOf(argument: RawBuilder<unknown>): RawBuilder<boolean>;
  /** How an array travels as one argument. */
  array(values: readonly unknown[]): unknown;
  /** An argument whose type the database could not infer by itself. */
  typed(argument: RawBuilder<unknown>, type: 'int' | 'real' | 'text'): RawBuilder<unknown>;
  greatest(...values: RawBuilder<unknown>[]): RawBuilder<number>;
  least(...values: RawBuilder<unknown>[]): RawBuilder<number>;
  /** `(select …) as name(handler)`: one row per element of an array of texts. */
  each(argument: RawBuilder<unknown>): RawBuilder<unknown>;
}

/** SQLite: arrays are JSON texts, types are dynamic, `max` and `min` take several values. */
export const sqliteCapabilities: Capabilities = {
  int64: 'integer',
  anyOf: (argument) => sql`in (select value from json_each(${argument}))`,
  array: (values) => JSON.stringify(values),
  typed: (argument) => argument,
  greatest: (...values) => sql`max(${sql.join(values)})`,
  least: (...values) => sql`min(${sql.join(values)})`,
  each: (argument) => sql`(select value as item from json_each(${argument}))`,
};
