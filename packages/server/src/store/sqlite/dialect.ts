import type Database from 'better-sqlite3';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { objectMaker } from '../shapes.js';

/**
 * Kysely over one better-sqlite3 connection, every statement prepared once and kept. Kysely's own SQLite dialect
 * prepares anew at each call, which costs more than most of our statements.
 */
export const sqliteDialect = (database: Database.Database): Dialect =>
  sqliteDialectOver(() => new CachedStatementDriver(database));

/** SQLite's language over any way of reaching the database. */
export function sqliteDialectOver(createDriver: () => Driver): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

const MAX_STATEMENTS = 500;

class CachedStatementDriver implements Driver {
  readonly #connection: CachedStatementConnection;

  constructor(database: Database.Database) {
    this.#connection = new CachedStatementConnection(database);
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }
  async beginTransaction(): Promise<void> {
    this.#connection.exec('begin immediate'); // a deferred transaction that reads first fails with SQLITE_BUSY_SNAPSHOT
  }
  async commitTransaction(): Promise<void> {
    this.#connection.exec('commit');
  }
  async rollbackTransaction(): Promise<void> {
    this.#connection.rollback();
  }
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {
    this.#connection.close();
  }
}

class CachedStatementConnection implements DatabaseConnection {
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Prepared>();

  constructor(database: Database.Database) {
    this.#database = database;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { statement, toRow } = this.#prepare(query.sql);
    if (toRow) return { rows: (statement.all(query.parameters as unknown[]) as unknown[][]).map(toRow) as Row[] };
    const { changes, lastInsertRowid } = statement.run(query.parameters as unknown[]);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  /** After some errors, as a full disk, SQLite has rolled back by itself; another rollback would hide the error. */
  rollback(): void {
    if (this.#database.inTransaction) this.exec('rollback');
  }

  exec(sql: string): void {
    this.#prepare(sql).statement.run();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    const prepared: Prepared = statement.reader
      ? { statement: statement.raw(), toRow: objectMaker(statement.columns().map(({ name }) => name)) }
      : { statement };
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

interface Prepared {
  statement: Database.Statement;
  /**
   * Rows cross from C++ as arrays and become objects here: that takes half the time of objects made there. Absent for a statement that
   * returns no rows.
   */
  toRow?: (values: unknown[]) => object;
}
