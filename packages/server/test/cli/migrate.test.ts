import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { harness } from '../engine/support.js';
import { aPostgresDatabase } from '../support/stores.js';
import { buildCommand, emptyFolder, oneLine, run, start, statusOf } from './command.js';

beforeAll(buildCommand);

const KEY = 'k'.repeat(40);

/** A folder with the file of a stopped server: a pipeline, an API key, a hook with a secret. */
async function aStoppedServer(): Promise<string> {
  const cwd = emptyFolder();
  const h = await harness({ database: join(cwd, 'pipelogiq.db'), bootstrapApiKey: KEY });
  await h.create({ stages: [{ name: 'a' }] });
  const template = { name: 'order', stages: [{ name: 'a' }] };
  await h.call('POST', '/hooks', { name: 'orders', template, auth: { type: 'signature' } });
  await h.controlPlane.close();
  return cwd;
}

const migrate = (...more: string[]) => ['migrate', '--from', 'pipelogiq.db', ...more];

describe('pipelogiq migrate', () => {
  it('moves a stopped server to PostgreSQL, tells how far it is and how the secrets come along, and leaves a file that nobody starts', async () => {
    const cwd = await aStoppedServer();
    const database = await aPostgresDatabase('empty');
    const env = { PIPELOGIQ_DATABASE: database }; // the URL holds a password
    const { code, stdout, stderr } = await run(migrate(), { cwd, env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^pipeline: 100 % of 1 rows$/m);
    expect(stdout).toMatch(/PIPELOGIQ_SECRET_KEY="\$\(cat .*pipelogiq\.db\.key\)"/);
    expect(stdout).not.toContain(database);

    const quiet = ['--port', '0', '--log-level', 'silent'];
    const server = start(['serve', ...quiet], { cwd, env });
    expect(await statusOf(`${await server.url()}/pipelines/1`, KEY)).toBe(200);
    await server.stop();
    const old = await run(['serve', '--database', 'pipelogiq.db', ...quiet], { cwd });
    expect(old).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/was moved to PostgreSQL/)) });
    const again = await run(migrate(), { cwd, env });
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(oneLine(/was moved to PostgreSQL already/)),
    });
  });

  it('tells in one JSON document what it moved, and nothing else', async () => {
    const cwd = await aStoppedServer();
    const env = { PIPELOGIQ_DATABASE: await aPostgresDatabase('empty') };
    const { code, stdout, stderr } = await run(migrate('--json'), { cwd, env });
    expect([code, stderr]).toEqual([0, '']);
    const { rows, tables, ...told } = JSON.parse(stdout);
    expect(told).toEqual({
      from: 'pipelogiq.db',
      database: expect.stringMatching(/^postgres:/),
      hasSecrets: true,
      secretKeyFile: expect.stringMatching(/pipelogiq\.db\.key$/),
    });
    expect(tables).toContainEqual({ table: 'pipeline', rows: 1 });
    expect(rows).toBe(tables.reduce((sum: number, table: { rows: number }) => sum + table.rows, 0));
    expect(stdout).not.toContain(env.PIPELOGIQ_DATABASE);
  });

  it('says in one line that a server runs on the source', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', '--port', '0', '--log-level', 'silent'], { cwd });
    await server.url();
    await server.said(/keys create/);
    const ended = await run(migrate('--to', 'postgres://127.0.0.1:1/none'), { cwd });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/is in use by the server at http/)) });
  });

  it.each([
    [['migrate'], 2, /--from/],
    [migrate(), 2, /--to, or PIPELOGIQ_DATABASE/],
    [migrate('--to', 'elsewhere.db'), 2, /--to, or PIPELOGIQ_DATABASE/],
    [['migrate', '--from', 'postgres://a/b', '--to', 'postgres://a/c'], 2, /pg_dump/],
    [['migrate', '--from', 'missing.db', '--to', 'postgres://a/c'], 1, /there is no file missing\.db/],
    [migrate('--to', 'postgres://u:secret@127.0.0.1:1/none'), 1, /cannot use the database postgres:.*ECONNREFUSED/],
  ])('says in one line what is wrong: %j', async (args, code, words) => {
    const cwd = await aStoppedServer();
    const ended = await run(args, { cwd });
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(oneLine(words)) });
    expect(ended.stderr).not.toContain('secret@');
  });
});
