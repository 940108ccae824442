import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { emptyFolder } from '../command.js';
import type { Surface } from './server.js';

/** What a dump of it says: each value is whole there, which in the pages of the file goes on somewhere else. */
function dumpOf(db: Database.Database): string {
  const tables = db.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all();
  return tables
    .flatMap((table) => db.prepare<[], { [column: string]: unknown }>(`select * from "${table}"`).all())
    .flatMap((row) => Object.values(row))
    .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
    .join('\n');
}

/** Copies of a database whose server runs, made in each way that docs/operations.md names: their bytes, and what they hold. */
export async function backupsOf(database: string): Promise<Surface[]> {
  const folder = emptyFolder();
  const paths = { 'online copy': join(folder, 'online.db'), 'VACUUM INTO': join(folder, 'vacuum.db') };
  const db = new Database(database, { readonly: true });
  try {
    await db.backup(paths['online copy']);
    db.prepare('vacuum into ?').run(paths['VACUUM INTO']);
  } finally {
    db.close();
  }
  return Object.entries(paths).flatMap(([name, path]) => {
    const copy = new Database(path, { readonly: true });
    try {
      return [
        { name: `${name}, bytes`, text: readFileSync(path, 'latin1') },
        { name: `${name}, dumped`, text: dumpOf(copy) },
      ];
    } finally {
      copy.close();
    }
  });
}
