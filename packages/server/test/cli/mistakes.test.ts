import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { flagName, OPTION_NAMES } from '../../src/config.js';
import { buildCommand, emptyFolder, oneLine, run, start } from './command.js';

beforeAll(buildCommand);

const isRoot = process.getuid?.() === 0;

const SECRET: ReadonlySet<string> = new Set(['bootstrapApiKey', 'metricsToken', 'secretKey', 'secretKeyOld']); // a command line is no place for them

describe('a mistake is one line on standard error', () => {
  it.each([
    [['serve', '--prot', '1'], /unknown option '--prot' \(Did you mean --port\?\)/],
    [['srve'], /unknown command 'srve' \(Did you mean serve\?\)/],
    [['serve', 'extra'], /too many arguments/],
    [['serve', '--port', '99999'], /--port must be a whole number from 0 to 65535, not "99999"/],
    [['serve', '--log-level', 'inof'], /--log-level must be one of .*did you mean info\?/],
    [['serve', '--lease-ms', '1s', '--heartbeat-interval-ms', '1s'], /at most half of leaseMs/],
    [['serve', '--bootstrap-api-key', 'x'], /unknown option '--bootstrap-api-key'/],
    [['dev', '--host', '0.0.0.0'], /dev listens on this machine only/],
    [['keys', 'create', '--scopes', 'work'], /required option '--name <text>'/],
    [['keys', 'create', '--name', 'a', '--scopes', 'wrok'], /unknown scope "wrok"; did you mean work\?/],
  ])('%j exits 2', async (args, words) => {
    const cwd = emptyFolder();
    expect(await run(args, { cwd })).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(oneLine(words)) });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('names an unknown variable, and the one that was meant', async () => {
    const ended = await run(['serve'], { cwd: emptyFolder(), env: { PIPELOGIQ_LEASEMS: '1' } });
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(oneLine(/did you mean PIPELOGIQ_LEASE_MS\?/)) });
  });

  it('names a taken port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    for (const command of ['serve', 'dev']) {
      const ended = await run([command, '--port', String(port), '--log-level', 'silent'], { cwd: emptyFolder() });
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(new RegExp(`port ${port} .* is taken`))) });
    }
  });

  it('names an address that this machine does not have', async () => {
    const args = ['serve', '--host', '203.0.113.7', '--port', '0', '--log-level', 'silent'];
    const ended = await run(args, { cwd: emptyFolder(), env: { PIPELOGIQ_BOOTSTRAP_API_KEY: 'k'.repeat(40) } });
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/cannot listen on 203\.0\.113\.7/)) });
  });

  const serve = (cwd: string, database: string) =>
    run(['serve', '--port', '0', '--log-level', 'silent', '--database', database], { cwd });

  it('names a database whose folder is not there', async () => {
    const ended = await serve(emptyFolder(), 'missing/x.db');
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(/cannot use the database missing\/x\.db: its folder/)),
    });
  });

  it('names a database that is a folder, or no database', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'folder.db'));
    writeFileSync(join(cwd, 'text.db'), 'not a database, but long enough to be read as the header of one by SQLite. '.repeat(20));
    expect(await serve(cwd, 'folder.db')).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/folder\.db/)) });
    expect(await serve(cwd, 'text.db')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(/not an SQLite database/)),
    });
  });

  it.skipIf(isRoot)('names a folder that cannot be written', async () => {
    const cwd = emptyFolder();
    mkdirSync(join(cwd, 'closed'), { mode: 0o500 });
    expect(await serve(cwd, 'closed/x.db')).toMatchObject({ code: 1, stderr: expect.stringMatching(oneLine(/written/)) });
  });

  it('names the server that already has the database', async () => {
    const cwd = emptyFolder();
    const first = start(['serve', '--port', '0', '--log-level', 'silent'], { cwd });
    const url = await first.url();
    await first.said(/keys create/);
    const ended = await serve(cwd, './pipelogiq.db');
    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(new RegExp(`in use by the server at ${url}`))),
    });
    expect((await first.stop()).code).toBe(0);
  });

  it('names the version of Node that is needed', async () => {
    const cwd = emptyFolder();
    writeFileSync(
      join(cwd, 'old.cjs'),
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } });`,
    );
    const ended = await run(['serve'], { cwd, node: ['-r', './old.cjs'] });
    expect(ended).toMatchObject({ code: 1, stderr: 'pipelogiq: Node 20.19 or newer is needed; this is Node 18.20.8\n' });
  });

  it('shows the stack when PIPELOGIQ_DEBUG is set', async () => {
    const ended = await run(['serve', '--port', 'x'], { cwd: emptyFolder(), env: { PIPELOGIQ_DEBUG: '1' } });
    expect(ended.stderr).toMatch(/\n {4}at /);
  });
});

describe('help', () => {
  it('names every option of the server but the secret ones', async () => {
    const { code, stdout } = await run(['serve', '--help'], { cwd: emptyFolder() });
    expect(code).toBe(0);
    for (const name of OPTION_NAMES) expect(stdout.includes(`${flagName(name)} `), name).toBe(!SECRET.has(name));
  });

  it('tells the version', async () => {
    const { code, stdout } = await run(['--version'], { cwd: emptyFolder() });
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });
});
