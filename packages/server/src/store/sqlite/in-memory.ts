import Database from 'better-sqlite3';

let migrated: Buffer | undefined;

/**
 * A database in memory. The first one of a process is empty; the later ones have the tables that `keepMigrated` saw, which saves
 * a suite of tests the migrations that would take most of its time.
 */
export const openInMemory = (): Database.Database => new Database(migrated ?? ':memory:');

/** Remembers a database that has been migrated and has no rows yet, for the ones that this process opens later. */
export function keepMigrated(database: Database.Database): void {
  migrated ??= database.serialize();
}
