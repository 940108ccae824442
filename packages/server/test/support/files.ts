import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';

/** Path of a database file in a folder of its own, which goes with the test. */
export function aDatabaseFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'test.db');
}

/** A second connection to the file, as an operator with a shell would open one. */
export function connect(path: string, options: Database.Options = {}): Database.Database {
  const database = new Database(path, options);
  onTestFinished(() => void database.close());
  return database;
}

/** What a power cut at this moment would leave: the file and its log as they are, without anything closed or flushed by us. */
export function copyAsAfterCrash(path: string): string {
  const copy = aDatabaseFile();
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return copy;
}
