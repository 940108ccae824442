import type Database from 'better-sqlite3';

/**
 * Whether a commit waits for the disk. In WAL mode one that does not is written to the same file in its turn, and the next one that does
 * makes both durable: https://www.sqlite.org/pragma.html#pragma_synchronous
 */
export class Syncs {
  readonly #database: Database.Database;
  #areOn = true;

  constructor(database: Database.Database) {
    this.#database = database;
  }

  /** Of the transaction that begins next: SQLite takes no change inside of one. */
  turn(areOn: boolean): void {
    if (areOn === this.#areOn) return;
    this.#database.pragma(`synchronous = ${areOn ? 'full' : 'normal'}`);
    this.#areOn = areOn;
  }
}
