import Database from 'better-sqlite3';
import { Kysely, sql } from 'kysely';
import { type Capabilities, postgresCapabilities, sqliteCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import { postgresDialect } from '../postgres/dialect.js';
import { openPool } from '../postgres/pool.js';
import type { Schema } from '../schema.js';
import { SEALED_TABLES, type SealedTable } from '../sealed-tables.js';
import { inUse, lockOut } from '../sqlite/alone.js';
import { sqliteDialect } from '../sqlite/dialect.js';
import { refuseMoved } from '../sqlite/moved.js';

/** Secrets that are sealed anew. `place` is what one is sealed for; undefined leaves it as it is. */
export type Reseal = (sealed: string, place: string) => string | undefined;

/** A database whose secrets are being sealed with another key. */
export interface Rotation {
  /**
   * Seals all secrets anew, in one transaction: what `reseal` throws leaves all of them as they were. Rows are locked until the
   * commit, so that what a server writes meanwhile comes before or after, and is never overwritten.
   */
  run(reseal: Reseal): Promise<{ stored: number; changed: number }>;
  close(): Promise<void>;
}

/** A rotation that cannot be made, in words for whoever asked for it. Nothing was changed. */
class RotationRefused extends Error {
  override readonly name = 'RotationRefused';
}

const BATCH = 500;

/** @throws RotationRefused when another process has the file open */
export async function openSqliteRotation(path: string): Promise<Rotation> {
  const database = new Database(path, { fileMustExist: true, timeout: 1_000 });
  const db = new Kysely<Schema>({ dialect: sqliteDialect(database) });
  try {
    lockOut(database, () => new RotationRefused(inUse(path)));
    database.pragma('synchronous = FULL'); // the old key goes after the commit: it must be on the disk by then
    database.pragma('secure_delete = ON'); // else freed pages keep what the old key opens
    await migrate(db, sqliteCapabilities);
    await refuseMoved(db, path);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    async run(reseal) {
      const counts = await resealAll(db, sqliteCapabilities, reseal);
      database.pragma('wal_checkpoint(TRUNCATE)');
      return counts;
    },
    close: () => db.destroy(),
  };
}

/** Servers may run meanwhile. */
export async function openPostgresRotation(url: string): Promise<Rotation> {
  const pool = openPool({ url, max: 2, onLost: () => {} });
  const db = new Kysely<Schema>({
    dialect: postgresDialect({ acquire: () => pool.connect(), release: (client, broken) => client.release(broken) }),
  });
  try {
    await migrate(db, postgresCapabilities);
  } catch (error) {
    await pool.end();
    throw error;
  }
  return { run: (reseal) => resealAll(db, postgresCapabilities, reseal), close: () => pool.end() };
}

function resealAll(db: Kysely<Schema>, can: Capabilities, reseal: Reseal): Promise<{ stored: number; changed: number }> {
  return db.transaction().execute(async (trx) => {
    const counts = { stored: 0, changed: 0 };
    for (const table of Object.keys(SEALED_TABLES) as SealedTable[]) {
      for (let after = 0; ; ) {
        const rows = await sealedAfter(trx, can, table, after);
        for (const { id, secrets } of rows) {
          const fresh = reseal(secrets, `${SEALED_TABLES[table]}:${id}`);
          counts.stored += 1;
          if (fresh === undefined) continue;
          await sql`update ${sql.table(table)} set secrets = ${fresh} where id = ${id}`.execute(trx);
          counts.changed += 1;
        }
        const last = rows.at(-1);
        if (last === undefined) break;
        after = last.id;
      }
    }
    return counts;
  });
}

async function sealedAfter(db: Kysely<Schema>, can: Capabilities, table: SealedTable, after: number) {
  const locked = can.rowLocks ? sql`for update` : sql``;
  const { rows } = await sql<{ id: number; secrets: string }>`
    select id, secrets from ${sql.table(table)} where secrets is not null and id > ${after}
    order by id limit ${BATCH} ${locked}`.execute(db);
  return rows;
}
