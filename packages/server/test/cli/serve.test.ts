import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCommand, emptyFolder, hasScript, oneLine, run, start, statusOf } from './command.js';

beforeAll(buildCommand);

const QUIET = ['--port', '0', '--log-level', 'silent'];
const KEY = 'a-bootstrap-key-of-more-than-32-characters';

describe('pipelogiq serve', () => {
  it('serves on loopback, with a database in the folder, until SIGTERM', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', ...QUIET], { cwd });
    const url = await server.url();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect(existsSync(join(cwd, 'pipelogiq.db'))).toBe(true);
    const begin = performance.now();
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('answers a waiting pull at %s and ends with 0', async (signal) => {
    const cwd = emptyFolder();
    const server = start(['serve', ...QUIET], { cwd, env: { PIPELOGIQ_BOOTSTRAP_API_KEY: KEY } });
    const url = await server.url();
    const post = async (path: string, body: object, session = '') => {
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'x-worker-session': session };
      return fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    const bootstrapped = await post('/workers/bootstrap', { workerName: 'w', supportedHandlers: ['h'] });
    const { workerId, sessionToken } = (await bootstrapped.json()) as { workerId: string; sessionToken: string };
    const pull = post('/jobs/pull', { workerId, pullSeq: 1, handlers: ['h'], maxJobs: 1, waitMs: 30_000 }, sessionToken);
    const parked = async () =>
      ((await (await fetch(`${url}/health`)).json()) as { metrics: { parked_pulls: number } }).metrics.parked_pulls;
    await expect.poll(parked).toBe(1);
    const ended = server.stop(signal);
    const answer = await pull;
    expect([answer.status, await answer.json()]).toEqual([200, { jobs: [] }]);
    expect(await ended).toMatchObject({ code: 0 });
  });

  // Seen to fail when rows were made by such code alone.
  it('works where Node lets nobody make code out of texts', async () => {
    const node = ['--disallow-code-generation-from-strings'];
    const server = start(['serve', ...QUIET], { cwd: emptyFolder(), node, env: { PIPELOGIQ_BOOTSTRAP_API_KEY: KEY } });
    const pipelogiq = new Pipelogiq({ url: await server.url(), apiKey: KEY });
    const { id } = await pipelogiq.pipelines.create({ name: 'order', stages: [{ name: 'charge', input: { cents: 5 } }] });
    await pipelogiq.worker({ handlers: [defineHandler('charge', {}, (input) => input)] }).runOnce();
    expect(await pipelogiq.pipelines.wait(id)).toMatchObject({ status: 'completed' });
    expect(await pipelogiq.pipelines.stages(id)).toMatchObject([{ output: { cents: 5 } }]);
    await pipelogiq.close();
  });

  it('ends at once, with 130, at a second signal', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', ...QUIET], { cwd });
    await server.url();
    server.process.kill('SIGTERM');
    server.process.kill('SIGINT'); // both are pending before the process looks: it cannot have closed in between
    expect((await server.ended).code).toBe(130);
  });

  // As a proxy on this machine asks with HTTP/1.1 and a local Host. Seen to fail when `local` was the default.
  it('shows its metrics to nobody without credentials, unless it is told otherwise', async () => {
    const scraped = async (env: Record<string, string>, headers: Record<string, string> = {}) => {
      const url = await start(['serve', ...QUIET], { cwd: emptyFolder(), env }).url();
      return (await fetch(`${url}/metrics`, { headers })).status;
    };
    expect(await scraped({})).toBe(401);
    expect(await scraped({ PIPELOGIQ_METRICS_TOKEN: KEY }, { authorization: `Bearer ${KEY}` })).toBe(200);
    expect(await scraped({ PIPELOGIQ_METRICS_ACCESS: 'local' })).toBe(200);
  });

  it('keeps the file that proves access at 0600, and removes it at the end', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', ...QUIET], { cwd });
    const url = await server.url();
    const path = join(cwd, 'pipelogiq.db.admin.json');
    await expect.poll(() => existsSync(path)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const file = JSON.parse(readFileSync(path, 'utf8'));
    expect(file).toMatchObject({ url, pid: server.process.pid });
    expect(await statusOf(`${url}/api-keys`, file.token)).toBe(200);
    expect(readFileSync(join(cwd, 'pipelogiq.db')).includes(file.token)).toBe(false);
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('prints no secret when no terminal reads it, and says how to get a key', async () => {
    const server = start(['serve', ...QUIET], { cwd: emptyFolder() });
    await server.said(/pipelogiq keys create/);
    const { stdout, stderr } = await server.stop();
    expect(stdout + stderr).not.toContain('plq_');
  });

  // Read by whoever starts it: every line is JSON, and the first of this type says where it is.
  it('says in one line of JSON that it is ready, and no secret where no terminal reads it', async () => {
    const cwd = emptyFolder();
    const ready = async () => {
      const server = start(['serve', '--port', '0', '--json'], { cwd });
      await server.said(/"type":"ready"/);
      const { code, stdout, stderr } = await server.stop();
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('plq_');
      expect(stdout).not.toContain('token=');
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.length).toBeGreaterThan(1); // the log
      return lines.filter(({ type }) => type !== undefined);
    };
    const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/);
    const dashboardUrl = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/dashboard\/$/);
    const told = { type: 'ready', version: expect.any(String), url, dashboardUrl, database: './pipelogiq.db' };
    expect(await ready()).toEqual([{ ...told, setupRequired: true, apiKeyRequired: true }]);
    const key = ['keys', 'create', '--name', 'ci', '--scopes', 'admin', '--output', 'key.json'];
    const server = start(['serve', ...QUIET], { cwd });
    await server.said(/keys create/);
    expect((await run(key, { cwd })).code).toBe(0);
    expect((await run(['login-link', '--output', '-'], { cwd })).code).toBe(0); // makes the owner
    await server.stop();
    expect(await ready()).toEqual([{ ...told, setupRequired: false, apiKeyRequired: false }]);
  });

  it.skipIf(!hasScript())('prints an admin key on a terminal, at the first start only', async () => {
    const cwd = emptyFolder();
    const first = start(['serve', ...QUIET], { cwd, terminal: true });
    const url = await first.url();
    const key = await first.said(/(plq_[\w-]+)/);
    expect(await statusOf(`${url}/api-keys`, key)).toBe(200);
    await first.stop();
    const second = start(['serve', ...QUIET], { cwd, terminal: true });
    expect(await statusOf(`${await second.url()}/api-keys`, key)).toBe(200);
    expect((await second.stop()).stdout).not.toContain('plq_');
  });
});

describe('pipelogiq serve on an address that others reach', () => {
  it('refuses without credentials, and leaves nothing behind', async () => {
    const cwd = emptyFolder();
    for (let attempt = 0; attempt < 2; attempt++) {
      const ended = await run(['serve', ...QUIET, '--host', '0.0.0.0'], { cwd });
      expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(oneLine(/PIPELOGIQ_BOOTSTRAP_API_KEY/)) });
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('serves with a bootstrap key, and never prints it', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', ...QUIET, '--host', '0.0.0.0'], { cwd, env: { PIPELOGIQ_BOOTSTRAP_API_KEY: KEY } });
    const port = new URL(await server.url()).port;
    expect(await statusOf(`http://127.0.0.1:${port}/api-keys`, KEY)).toBe(200);
    const { stdout, stderr } = await server.stop();
    expect(stdout + stderr).not.toContain(KEY);
    const again = start(['serve', ...QUIET, '--host', '0.0.0.0'], { cwd }); // the key is in the database now
    await again.url();
    expect((await again.stop()).code).toBe(0);
  });
});
