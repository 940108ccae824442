import { type Kysely, type Migration, Migrator } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { Schema } from '../schema.js';
import * as foundation from './0001-foundation.js';
import * as operate from './0004-operate.js';
import * as events from './0005-events.js';
import * as retention from './0006-retention.js';

/** Brings the schema up to date. Throws when the database was written by a newer Pipelogiq. */
export async function migrate(db: Kysely<Schema>, can: Capabilities): Promise<void> {
  const migrations: Record<string, Migration> = {
    '0001-foundation': { up: (target) => foundation.up(target as Kysely<never>, can) },
    '0004-operate': { up: (target) => operate.up(target as Kysely<never>, can) },
    '0005-events': { up: (target) => events.up(target as Kysely<never>, can) },
    '0006-retention': { up: (target) => retention.up(target as Kysely<never>, can) },
  };
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error instanceof Error && /corrupted migrations|previously executed migration/.test(error.message)) {
    throw new Error('the database was written by a newer version of Pipelogiq; start that version, or restore a backup', {
      cause: error,
    });
  }
  if (error) throw error;
}
