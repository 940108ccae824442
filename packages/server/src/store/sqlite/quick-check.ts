import { Kysely, sql } from 'kysely';
import type { Schema } from '../schema.js';
import { codeOf } from './damage.js';
import { readerThreadDialect } from './reader-thread.js';

/** Lines of what is wrong that are kept. */
const LINES = 20;
/** The file is in such a state that the check itself cannot go on. */
const HOPELESS = /^SQLITE_(CORRUPT|NOTADB)/;

/** Checks of one file, each in a thread and on a connection of its own: one takes some 650 ms a million stages. */
export class QuickChecks {
  readonly #path: string;
  readonly #running = new Set<Kysely<Schema>>();

  constructor(path: string) {
    this.#path = path;
  }

  /** Resolves to what is wrong; rejects when the check could not be made. */
  async run(): Promise<string[]> {
    const db = new Kysely<Schema>({ dialect: readerThreadDialect(this.#path) });
    this.#running.add(db);
    try {
      const { rows } = await sql<{ quick_check: string }>`pragma quick_check(${sql.lit(LINES)})`.execute(db);
      return rows.map(({ quick_check }) => quick_check).filter((line) => line !== 'ok');
    } catch (error) {
      if (HOPELESS.test(codeOf(error))) return [(error as Error).message];
      throw error;
    } finally {
      this.#running.delete(db);
      await db.destroy();
    }
  }

  /** Ends the checks under way; they reject. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((db) => db.destroy()));
  }
}
