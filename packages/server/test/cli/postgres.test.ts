import { createServer } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { aPostgresDatabase } from '../support/stores.js';
import { buildCommand, emptyFolder, oneLine, run, start, statusOf } from './command.js';

beforeAll(buildCommand);

const KEY = 'k'.repeat(40);
const serve = (database: string) => ['serve', '--port', '0', '--log-level', 'silent', '--database', database];

async function aClosedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('pipelogiq serve on PostgreSQL', () => {
  it('serves beside another one on the same database, and stops in order', async () => {
    const database = await aPostgresDatabase('empty');
    const options = { cwd: emptyFolder(), env: { PIPELOGIQ_BOOTSTRAP_API_KEY: KEY } };
    const servers = [start(serve(database), options), start(serve(database), options)];
    for (const server of servers) expect(await statusOf(`${await server.url()}/pipelines`, KEY)).toBe(200);
    for (const server of servers) expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
  });

  it('says in one line that PostgreSQL is not there, without the password', async () => {
    const database = `postgres://user:secret@127.0.0.1:${await aClosedPort()}/jobs`;
    const ended = await run(serve(database), { cwd: emptyFolder() });
    expect(ended).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(oneLine(/cannot use the database postgres:.*ECONNREFUSED/)),
    });
    expect(ended.stderr).not.toContain('secret');
  });

  it('says in one line that there is no such database', async () => {
    const database = new URL(await aPostgresDatabase());
    database.pathname = '/missing';
    const ended = await run(serve(database.href), { cwd: emptyFolder() });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/database "missing" does not exist/)) });
  });
});
