import { type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Capabilities, ColumnType } from './capabilities.js';
import type { Schema } from './schema.js';
import { valuesAppender } from './shapes.js';

/**
 * Hot SQL is compiled once and bound many times: Kysely takes some 70 µs to compile a query, SQLite 10 µs to run it.
 * A statement is built with slots where values go; `run` puts the values in.
 */
const ARGUMENT = -1;
/** All rows of a column, as one array. */
const COLUMN = -2;

class Slot {
  constructor(
    readonly name: string,
    /** Row of a values table, or one of the two below. */
    readonly row = ARGUMENT,
  ) {}
}

type Values = Record<string, unknown>;
type SlotOf<Args> = (name: keyof Args & string, type?: ColumnType) => RawBuilder<unknown>;

export interface BuildContext<Args> {
  slot: SlotOf<Args>;
  can: Capabilities;
  /** `in (…)` over a slot that holds an array of ids. */
  idsIn: (name: keyof Args & string) => RawBuilder<boolean>;
}

export interface Statement<Args extends Values, Row> {
  readonly build: (context: BuildContext<Args>) => RawBuilder<Row>;
}

/** One statement with named arguments. Arrays of ids or names travel as one argument. */
export function statement<Args extends Values, Row = unknown>(
  build: (context: BuildContext<Args>) => RawBuilder<Row>,
): Statement<Args, Row> {
  return { build };
}

export interface RowsStatement<Item extends Values, Args extends Values, Row> {
  readonly columns: { [K in keyof Item & string]: ColumnType };
  readonly build: (rows: RawBuilder<unknown>, context: BuildContext<Args>) => RawBuilder<Row>;
}

/** A statement over a table of values: `rows` is a select of them, its columns in the order of `columns`. */
export function rowsStatement<Item extends Values, Args extends Values = Values, Row = unknown>(
  columns: RowsStatement<Item, Args, Row>['columns'],
  build: RowsStatement<Item, Args, Row>['build'],
): RowsStatement<Item, Args, Row> {
  return { columns, build };
}

export type Columns<Row> = { [K in keyof Row & string]: ColumnType };

/** Writes rows as they are. */
export const insertInto = <Row extends object>(table: string, columns: Columns<Row>) =>
  rowsStatement<Row & Values>(
    columns as never,
    (rows) => sql`insert into ${sql.table(table)} (${sql.join(Object.keys(columns).map((column) => sql.ref(column)))}) ${rows}`,
  );

/** Of a table that travels as tuples: few sizes, so that few statements are kept. Larger ones take more a row: their programs leave the processor's cache. */
const TUPLES = [64, 16, 4, 1] as const;

/** Rows that another writer holds are its own to deal with. */
export const skipLocked = (can: Capabilities): RawBuilder<unknown> => (can.rowLocks ? sql`for update skip locked` : sql``);

/** Nobody changes or deletes the rows before the commit. */
export const forShare = (can: Capabilities): RawBuilder<unknown> => (can.rowLocks ? sql`for share` : sql``);

/** `order by` must stand before: the lock order is that of the rows. */
export const forUpdate = (can: Capabilities): RawBuilder<unknown> => (can.rowLocks ? sql`for update` : sql``);

/** Appends the arguments of one place of a statement. */
type Part = (parameters: unknown[], args: Values, items: readonly Values[]) => void;

interface Prepared {
  query: CompiledQuery;
  parts: readonly Part[];
}

/** Compiles and binds the statements of one database. */
export class Statements {
  readonly #db: Kysely<Schema>;
  readonly can: Capabilities;
  readonly #prepared = new Map<object, Map<number, Prepared>>();

  constructor(db: Kysely<Schema>, can: Capabilities) {
    this.#db = db;
    this.can = can;
  }

  async run<Args extends Values, Row>(executor: Kysely<Schema>, statement: Statement<Args, Row>, args: Args): Promise<Row[]> {
    const prepared = this.#prepare(statement, 0, [], () => statement.build(this.#context<Args>()));
    return (await executor.executeQuery<Row>(bind(prepared, args, []))).rows;
  }

  async runRows<Item extends Values, Args extends Values, Row>(
    executor: Kysely<Schema>,
    statement: RowsStatement<Item, Args, Row>,
    items: readonly Item[],
    args: Args,
  ): Promise<Row[]> {
    const columns = Object.entries(statement.columns) as [string, ColumnType][];
    const prepared = (size: number, rows: () => RawBuilder<unknown>) =>
      this.#prepare(statement, size, columns, () => statement.build(rows(), this.#context<Args>()));
    if (this.can.tables === 'arrays') {
      const whole = prepared(0, () => this.#arrays(columns));
      return (await executor.executeQuery<Row>(bind(whole, args, items))).rows;
    }
    const results: Row[] = [];
    let done = 0;
    for (const size of TUPLES) {
      while (items.length - done >= size) {
        const part = prepared(size, () => tuples(columns, size));
        const { rows } = await executor.executeQuery<Row>(bind(part, args, items.slice(done, done + size)));
        for (const row of rows) results.push(row);
        done += size;
      }
    }
    return results;
  }

  #arrays(columns: [string, ColumnType][]): RawBuilder<unknown> {
    return this.can.unnest(columns.map(([name, type]) => ({ argument: sql`${new Slot(name, COLUMN)}`, type })));
  }

  #context<Args>(): BuildContext<Args> {
    const can = this.can;
    return {
      can,
      slot: (name, type) => this.#slot(new Slot(name), type),
      idsIn: (name) => can.anyOf(sql`${new Slot(name)}`),
    };
  }

  #slot(slot: Slot, type?: ColumnType): RawBuilder<unknown> {
    return type === undefined ? sql`${slot}` : this.can.typed(sql`${slot}`, type);
  }

  #prepare(key: object, size: number, columns: [string, ColumnType][], build: () => RawBuilder<unknown>): Prepared {
    const sizes = this.#prepared.get(key) ?? new Map<number, Prepared>();
    let prepared = sizes.get(size);
    if (!prepared) {
      const query = build().compile(this.#db);
      prepared = { query, parts: this.#parts(query.parameters, size, columns) };
      this.#prepared.set(key, sizes.set(size, prepared));
    }
    return prepared;
  }

  #parts(parameters: readonly unknown[], size: number, columns: [string, ColumnType][]): Part[] {
    const parts: Part[] = [];
    const appendRow = valuesAppender(columns.map(([name]) => name));
    for (let at = 0; at < parameters.length; at++) {
      const parameter = parameters[at];
      if (!(parameter instanceof Slot)) parts.push((values) => values.push(parameter));
      else if (parameter.row === ARGUMENT) parts.push((values, args) => values.push(this.#argument(args[parameter.name])));
      else if (parameter.row === COLUMN) parts.push((values, _args, items) => values.push(columnOf(items, parameter.name)));
      else {
        at += size * columns.length - 1; // a table of tuples has its slots in one stretch
        parts.push((values, _args, items) => {
          for (const item of items) appendRow(item, values);
        });
      }
    }
    return parts;
  }

  #argument(value: unknown): unknown {
    return Array.isArray(value) ? this.can.array(value) : (value ?? null);
  }
}

const columnOf = (items: readonly Values[], name: string): unknown[] => items.map((item) => item[name] ?? null);

function tuples(columns: [string, ColumnType][], size: number): RawBuilder<unknown> {
  const rows = Array.from({ length: size }, (_, row) => sql`(${sql.join(columns.map(([name]) => sql`${new Slot(name, row)}`))})`);
  return sql`values ${sql.join(rows)}`;
}

function bind({ query, parts }: Prepared, args: Values, items: readonly Values[]): CompiledQuery {
  const parameters: unknown[] = [];
  for (const append of parts) append(parameters, args, items);
  return { ...query, parameters };
}
