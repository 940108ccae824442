import { Kysely } from 'kysely';
import type pg from 'pg';
import { postgresCapabilities } from '../capabilities.js';
import { migrate } from '../migrations/index.js';
import { postgresDialect } from '../postgres/dialect.js';
import { openPool } from '../postgres/pool.js';
import type { Schema } from '../schema.js';
import { SEALED_TABLES } from '../sealed-tables.js';
import { MoveRefused } from './refused.js';
import { openSource, type Row, type Source } from './source.js';

export interface MoveOptions {
  /** Path of a SQLite file that no server uses. */
  from: string;
  /** `postgres://…` of a database without anything in it. */
  to: string;
  /** RFC 3339; written into the source, which no server opens any more. */
  at: string;
  onProgress(progress: { table: string; rows: number; of: number }): void;
}

export interface Moved {
  tables: { table: string; rows: number }[];
  /** Whether secrets were moved that need the secret key of the source. */
  hasSecrets: boolean;
}

/** Made anew by the server that starts there: numbers come from sequences, who leads is decided anew, and a stream begins again. */
const NOT_COPIED = new Set(['id_block', 'leader', 'event', 'server_state', 'kysely_migration', 'kysely_migration_lock']);
/** One batch ends with whichever it has first. */
const BATCH = { rows: 1_000, bytes: 4 * 1_048_576 };
const TOKEN_EPOCH = 2 ** 20;

/**
 * Copies everything of a stopped control plane to PostgreSQL, all or nothing: the copy is one transaction, in small batches, and counts
 * both sides before it commits. Ids, tokens and leases stay what they are; new ids come after the old ones, new tokens from a new epoch.
 * @throws MoveRefused when the source is in use or was moved before, or the target is not empty
 */
export async function moveToPostgres(options: MoveOptions): Promise<Moved> {
  const source = await openSource(options.from);
  const pool = openPool({ url: options.to, max: 2, onLost: () => {} });
  try {
    await migrate(
      new Kysely<Schema>({
        dialect: postgresDialect({ acquire: () => pool.connect(), release: (client, broken) => client.release(broken) }),
      }),
      postgresCapabilities,
    );
    const moved = await inTransaction(pool, (client) => copyAll(source, client, options));
    source.markMoved(options.at);
    return moved;
  } finally {
    source.close();
    await pool.end();
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin; set local statement_timeout = 0; set local lock_timeout = 15000; set local jit = off');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

async function copyAll(source: Source, client: pg.PoolClient, options: MoveOptions): Promise<Moved> {
  const tables = source.tables().filter((table) => !NOT_COPIED.has(table));
  tables.sort((a, b) => Number(b === 'application') - Number(a === 'application')); // others refer to it
  await lockEmpty(client, tables);
  const copied: Moved['tables'] = [];
  for (const table of tables) copied.push({ table, rows: await copyTable(source, client, table, options.onProgress) });
  await setSequences(source, client);
  await setState(source, client);
  for (const { table, rows } of copied) await verify(client, table, rows, source.count(table));
  const sealed = Object.keys(SEALED_TABLES).map((table) => `select 1 from ${quoted(table)} where secrets is not null`);
  const hasSecrets = await exists(client, `${sealed.join(' union all ')} limit 1`);
  return { tables: copied, hasSecrets };
}

/** A server that starts on the target meanwhile waits for these locks, and so never meets half a copy. */
async function lockEmpty(client: pg.PoolClient, tables: readonly string[]): Promise<void> {
  await client.query(`lock table ${tables.map(quoted).join(', ')}, event in exclusive mode`);
  for (const table of [...tables, 'event']) {
    if (!(await exists(client, `select 1 from ${quoted(table)} limit 1`))) continue;
    throw new MoveRefused(
      `the target is not empty: its table ${table} has rows. Give a database of its own, on which no server was started yet`,
    );
  }
}

async function copyTable(
  source: Source,
  client: pg.PoolClient,
  table: string,
  onProgress: MoveOptions['onProgress'],
): Promise<number> {
  const of = source.count(table);
  const insert = await insertInto(client, table, source.columns(table));
  let rows = 0;
  for (const batch of batches(source.rows(table))) {
    await insert(batch);
    rows += batch.length;
    onProgress({ table, rows, of });
  }
  return rows;
}

/** Columns travel as arrays: one text for every batch. */
async function insertInto(client: pg.PoolClient, table: string, columns: string[]): Promise<(rows: Row[]) => Promise<void>> {
  const { rows: known } = await client.query<{ name: string; type: string }>(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type from pg_attribute a
     where a.attrelid = cast($1 as regclass) and a.attnum > 0 and not a.attisdropped`,
    [table],
  );
  const types = new Map(known.map(({ name, type }) => [name, type]));
  const missing = [...columns.filter((name) => !types.has(name)), ...[...types.keys()].filter((name) => !columns.includes(name))];
  if (missing.length > 0) throw new MoveRefused(`the table ${table} differs between the two databases: ${missing.join(', ')}`);
  const text = `insert into ${quoted(table)} (${columns.map(quoted).join(', ')})
    select * from unnest(${columns.map((name, at) => `cast($${at + 1} as ${types.get(name)}[])`).join(', ')})`;
  return async (rows) => {
    const result = await client.query(
      text,
      columns.map((name) => rows.map((row) => row[name])),
    );
    if (result.rowCount !== rows.length) throw new Error(`${table}: ${result.rowCount} of ${rows.length} rows were taken`);
  };
}

function* batches(rows: Iterable<Row>): Generator<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    batch.push(row);
    for (const value of Object.values(row)) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
    if (batch.length < BATCH.rows && bytes < BATCH.bytes) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

/** Above every id that was ever given out, also to rows that are gone. */
async function setSequences(source: Source, client: pg.PoolClient): Promise<void> {
  for (const table of ['stat_delta', 'integration_delivery', 'alert_outbox', 'alert_parked', 'alert_rule_end'])
    await client.query(`select setval(pg_get_serial_sequence('${table}', 'id'), max(id)) from ${table} having max(id) > 0`);
  for (const row of source.rows('id_block')) {
    await client.query('select setval(cast($1 as regclass), $2, false)', [`${String(row.name)}_id`, row.next_id]);
  }
}

/** The state that goes along, without what the target says of itself; tokens begin above any that was ever given out. */
async function setState(source: Source, client: pg.PoolClient): Promise<void> {
  const state = new Map([...source.rows('server_state')].map((row) => [String(row.key), String(row.value)]));
  state.delete('min_compatible');
  const { rows } = await client.query<{ highest: number }>(
    `select greatest((select max(fencing_token) from stage), (select max(fencing_token) from stage_attempt), 0) as highest`,
  );
  const highest = Math.max(Number(rows[0]?.highest ?? 0), Number(state.get('token_floor') ?? 0));
  state.set('token_floor', String((Math.floor(highest / TOKEN_EPOCH) + 1) * TOKEN_EPOCH));
  for (const [key, value] of state) {
    await client.query(
      'insert into server_state (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value',
      [key, value],
    );
  }
}

async function verify(client: pg.PoolClient, table: string, copied: number, inSource: number): Promise<void> {
  const { rows } = await client.query<{ count: number }>(`select count(*) as count from ${quoted(table)}`);
  const found = Number(rows[0]?.count);
  if (found !== copied || found !== inSource) {
    throw new Error(`${table}: ${inSource} rows in the source, ${copied} copied, ${found} in the target; nothing was changed`);
  }
}

const exists = async (client: pg.PoolClient, text: string): Promise<boolean> => (await client.query(text)).rows.length > 0;

const quoted = (name: string): string => `"${name}"`;
