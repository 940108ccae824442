import Database from 'better-sqlite3';
import { Kysely } from 'kysely';
import { sqliteCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import type { Schema } from '../schema.js';
import { inUse, lockOut } from '../sqlite/alone.js';
import { sqliteDialect } from '../sqlite/dialect.js';
import { MOVED_TO } from '../sqlite/moved.js';
import { MoveRefused } from './refused.js';

export type Row = Record<string, unknown>;

/** A SQLite database that nobody else can use while it is open here. */
export interface Source {
  tables(): string[];
  columns(table: string): string[];
  count(table: string): number;
  rows(table: string): Iterable<Row>;
  /** From now on no server starts on it. */
  markMoved(at: string): void;
  close(): void;
}

/** Opens it alone, and brings its schema up to date. @throws MoveRefused when another process has it open */
export async function openSource(path: string): Promise<Source> {
  const database = new Database(path, { fileMustExist: true, timeout: 1_000 });
  try {
    lockOut(database, () => new MoveRefused(inUse(path)));
    await migrate(new Kysely<Schema>({ dialect: sqliteDialect(database) }), sqliteCapabilities);
    const moved = database.prepare('select value from server_state where key = ?').pluck().get(MOVED_TO);
    if (moved !== undefined) throw new MoveRefused(`${path} was moved to PostgreSQL already (${String(moved)})`);
  } catch (error) {
    database.close();
    throw error;
  }
  const name = (table: string) => `"${table}"`;
  return {
    tables: () =>
      database
        .prepare(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`)
        .pluck()
        .all() as string[],
    columns: (table) => (database.pragma(`table_info(${name(table)})`) as { name: string }[]).map((column) => column.name),
    count: (table) =>
      database
        .prepare(`select count(*) from ${name(table)}`)
        .pluck()
        .get() as number,
    rows: (table) => database.prepare(`select * from ${name(table)}`).iterate() as Iterable<Row>,
    markMoved: (at) => void database.prepare('insert or replace into server_state (key, value) values (?, ?)').run(MOVED_TO, at),
    close: () => void database.close(),
  };
}
