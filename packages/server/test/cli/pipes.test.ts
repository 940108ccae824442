import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { createControlPlane } from '../../src/index.js';
import { buildCommand } from './command.js';

beforeAll(buildCommand);

const cli = join(import.meta.dirname, '../../dist/cli.js');
const COUNT = 400;

// Seen to fail: the command ended with 0 while all but the first 64 KiB were still on their way.
it.each(['cat', `sh -c 'read -r first; echo "$first"; cat'`])(
  'all of a long answer comes out of a pipe, by `%s`',
  async (reader) => {
    const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', env: {} });
    onTestFinished(() => controlPlane.close());
    const { url } = await controlPlane.listen({ port: 0 });
    const { fetch, apiKey, url: own } = controlPlane.connection();
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const pipelines = Array.from({ length: COUNT / 2 }, (_, at) => ({
      name: `p${at}`,
      keywords: ['x'.repeat(60)],
      stages: [{ name: 's' }],
    }));
    for (let half = 0; half < 2; half++)
      await fetch(`${own}/pipelines/batch`, { method: 'POST', headers, body: JSON.stringify({ pipelines }) });

    const line = `"$NODE" "$CLI" pipelines list --json --limit ${COUNT} | ${reader}`;
    const env = { PATH: process.env.PATH, NODE: process.execPath, CLI: cli, PIPELOGIQ_URL: url, PIPELOGIQ_API_KEY: apiKey };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env, maxBuffer: 16 * 1024 * 1024 });
    expect(stdout.length).toBeGreaterThan(2 * 65_536);
    expect(JSON.parse(stdout).items).toHaveLength(COUNT);
  },
);

it.each(['', '--json'])(
  'watching ends when nobody reads on, though nothing happens: `pipelines watch %s | head -1`',
  async (flag) => {
    const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', env: {} });
    onTestFinished(() => controlPlane.close());
    const { url } = await controlPlane.listen({ port: 0 });
    const { fetch, apiKey, url: own } = controlPlane.connection();
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'later', runAt: '2099-01-01T00:00:00Z', stages: [{ name: 's' }] });
    const made = (await (await fetch(`${own}/pipelines`, { method: 'POST', headers, body })).json()) as { id: string };
    const line = `"$NODE" "$CLI" pipelines watch ${made.id} ${flag} | head -1`;
    const env = { PATH: process.env.PATH, NODE: process.execPath, CLI: cli, PIPELOGIQ_URL: url, PIPELOGIQ_API_KEY: apiKey };
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
    expect(stdout).toMatch(/later/);
  },
  30_000,
);

// Seen to fail: the closed pipe became the failure, with exit code 1.
it.each([
  [['pipelines', 'list'], '3'],
  [['nonsense'], '2'],
])('%j ends with its own exit code, though nobody reads what went wrong', async (args, code) => {
  const line = `{ { "$NODE" "$CLI" "$@" 2>&1 >/dev/null; echo $? >&3; } | true; } 3>&1`;
  const env = {
    PATH: process.env.PATH,
    NODE: process.execPath,
    CLI: cli,
    PIPELOGIQ_URL: 'http://127.0.0.1:1',
    PIPELOGIQ_API_KEY: 'x',
  };
  const { stdout } = await promisify(execFile)('sh', ['-c', line, 'sh', ...args], { env });
  expect(stdout.trim()).toBe(code);
});
