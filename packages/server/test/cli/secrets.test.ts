import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HookSaved } from '@pipelogiq/protocol';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { run as runHere } from '../../src/cli/program.js';
import { SEALED_TABLES } from '../../src/store/sealed-tables.js';
import { BODY, ORDERS, senderOf, signed } from '../engine/hook-support.js';
import { type Harness, harness } from '../engine/support.js';
import { connect } from '../support/files.js';
import { queryOnce } from '../support/query.js';
import { aPostgresDatabase } from '../support/stores.js';
import { buildCommand, emptyFolder, oneLine, run, start } from './command.js';
import { Paper } from './in-process.js';

beforeAll(buildCommand);
vi.setConfig({ testTimeout: 120_000 }); // each starts several processes

const OLD = 'the old key, of 32 or more characters';
const NEW = 'the new key, of 32 or more characters';
const FILE = 'pipelogiq.db';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const configure = ({ call }: Pick<Harness, 'call'>) =>
  call('POST', '/observability/config', { type: 'sentry', config: { dsn: 'http://key@127.0.0.1:1/1' } });

/** One secret in every table that holds any. */
async function fill(h: Pick<Harness, 'call'>): Promise<HookSaved> {
  const hook = await h.call<HookSaved>('POST', '/hooks', { ...ORDERS, auth: { type: 'signature' } });
  await configure(h);
  await h.call('POST', '/alerts/channels', {
    name: 'ours',
    type: 'webhook',
    config: { url: 'http://127.0.0.1:1/', secret: SECRET },
  });
  return hook;
}

let deliveries = 0;

/** Whether this server opens all secrets: it says so in health, and the hook knows its senders. */
async function opensAll(h: Harness, hook: HookSaved): Promise<void> {
  const id = `d${++deliveries}`;
  const body = JSON.stringify({ ...BODY, id });
  const { status } = await senderOf(h, hook).post(body, signed(hook.secret ?? '', id, body, h.controlPlane.now()));
  expect(status).toBe(201);
  const { components } = await h.call<{ components: { secrets: object } }>('GET', '/health');
  expect(components.secrets).toMatchObject({ status: 'healthy', stored: Object.keys(SEALED_TABLES).length, closed: 0 });
  await configure(h);
}

/** The folder of a server that is stopped, and a hook of it. */
interface Stopped {
  cwd: string;
  hook: HookSaved;
}

const waysOf = ({ cwd, hook }: Stopped, options: { secretKey?: string } = {}) => {
  const database = join(cwd, FILE);
  return {
    cwd,
    hook,
    database,
    async opens(given: object = options): Promise<void> {
      const again = await harness({ database, ...given });
      await opensAll(again, hook);
      await again.controlPlane.close();
    },
    keyFiles: () => readdirSync(cwd).filter((name) => name.startsWith(`${FILE}.key`)),
  };
};

async function aStoppedServer(options: { secretKey?: string } = {}) {
  const cwd = emptyFolder();
  const h = await harness({ database: join(cwd, FILE), ...options });
  const hook = await fill(h);
  await h.controlPlane.close();
  return waysOf({ cwd, hook }, options);
}

function copyOf({ cwd, hook }: Stopped) {
  const copy = emptyFolder();
  cpSync(cwd, copy, { recursive: true });
  return waysOf({ cwd: copy, hook });
}

const sealedTexts = (database: string): string[] => {
  const file = connect(database, { readonly: true });
  const texts = Object.keys(SEALED_TABLES).flatMap((table) => file.prepare(`select secrets from ${table}`).pluck().all());
  file.close();
  return texts as string[];
};

const rotate = (...more: string[]) => ['secrets', 'rotate', '--database', FILE, ...more];

const PRELOAD = ['--import', join(import.meta.dirname, 'kill-at.mjs')];

/** What the folder held before each step of a rotation that ran to its end in a copy of it. */
async function copiesBeforeEachStep(stopped: Stopped): Promise<{ step: string; cwd: string }[]> {
  const folder = emptyFolder();
  const { code } = await run(rotate(), { cwd: copyOf(stopped).cwd, node: PRELOAD, env: { COPIES: folder } });
  expect(code).toBe(0);
  return readdirSync(folder)
    .map((name) => ({ at: Number.parseInt(name, 10), step: name.replace(/^\d+-/, ''), cwd: join(folder, name) }))
    .sort((one, other) => one.at - other.at);
}

/** Where a rotation ended early the server starts and seals with the old key, and another rotation finishes. */
async function goesOn({ database, opens, keyFiles }: ReturnType<typeof waysOf>): Promise<void> {
  await opens();
  expect(await runHere(['secrets', 'rotate', '--database', database], new Paper())).toBe(0);
  expect(keyFiles().filter((name) => !name.includes('.old-'))).toEqual([`${FILE}.key`]);
  expect(new Set(sealedTexts(database).map((text) => text.slice(0, 11))).size).toBe(1);
  await opens();
}

describe('pipelogiq secrets rotate', () => {
  it('encrypts every secret of a stopped server with a new key file, keeps the old one, and leaves nothing of before in the database', async () => {
    const { cwd, database, opens, keyFiles } = await aStoppedServer();
    const before = sealedTexts(database);
    const oldKey = readFileSync(`${database}.key`, 'utf8');
    const { code, stdout, stderr } = await run(rotate(), { cwd });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^3 of 3 secrets in pipelogiq\.db were encrypted with the new key\.$/m);
    expect(stdout).not.toContain(oldKey.trim());

    const oldId = before[0]?.slice(3, 11);
    expect(keyFiles()).toEqual([`${FILE}.key`, `${FILE}.key.old-${oldId}`]);
    for (const name of keyFiles()) expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(cwd, `${FILE}.key.old-${oldId}`), 'utf8')).toBe(oldKey);
    expect(readFileSync(`${database}.key`, 'utf8')).not.toBe(oldKey);
    const bytes = readdirSync(cwd).map((name) => readFileSync(join(cwd, name), 'latin1'));
    for (const text of before) expect(bytes.some((one) => one.includes(text))).toBe(false);
    await opens();
    const again = await run(rotate('--json'), { cwd }); // with another key
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { database: FILE, stored: 3, changed: 3, oldKeyFile: expect.stringContaining(`${FILE}.key.old-`) },
    ]);
    expect(keyFiles()).toHaveLength(3);
    await opens();
  });

  it('leaves a database whose secrets open, wherever it ends, and goes on the next time', async () => {
    const stopped = await aStoppedServer();
    const copies = await copiesBeforeEachStep(stopped);
    for (const { cwd } of copies) await goesOn(waysOf({ ...stopped, cwd }));
    const steps = copies.map(({ step }) => step);
    expect(new Set(steps)).toEqual(
      new Set(['openSync', 'fsyncSync', 'renameSync', 'prepare', 'createCipheriv', 'pragma', 'linkSync', 'close']),
    );
    expect(steps.filter((step) => step === 'createCipheriv')).toHaveLength(3); // in the middle of the transaction too
  });

  it('is safe to kill in the middle of its transaction', async () => {
    const stopped = await aStoppedServer();
    const ways = copyOf(stopped);
    const steps = (await copiesBeforeEachStep(stopped)).map(({ step }) => step);
    const at = steps.lastIndexOf('createCipheriv') + 1;
    const { code } = await run(rotate(), { cwd: ways.cwd, node: PRELOAD, env: { KILL_AT: String(at) } });
    expect(code).toBeNull();
    await goesOn(ways);
  });

  it('changes nothing when a secret opens with no key that there is', async () => {
    const { cwd, database } = await aStoppedServer({ secretKey: OLD });
    const file = connect(database);
    const copied = file.prepare('update alert_channel set secrets = (select secrets from hook)'); // sealed for another place
    copied.run();
    file.close();
    const before = sealedTexts(database);
    const env = { PIPELOGIQ_SECRET_KEY: NEW, PIPELOGIQ_SECRET_KEY_OLD: OLD };
    const failed = await run(rotate(), { cwd, env });
    expect(failed).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        oneLine(/no secret was changed: the secret of channel:\d+ was changed, or sealed for another/),
      ),
    });
    expect(sealedTexts(database)).toEqual(before);
    const wrong = { ...env, PIPELOGIQ_SECRET_KEY_OLD: 'x'.repeat(32) };
    const closed = await run(rotate(), { cwd, env: wrong });
    expect(closed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(/was sealed with the key [0-9a-f]{8}; this one/)),
    });
    expect(sealedTexts(database)).toEqual(before);
  });

  it('goes from a key file to a configured key', async () => {
    const { cwd, opens } = await aStoppedServer();
    const ended = await run(rotate(), { cwd, env: { PIPELOGIQ_SECRET_KEY: NEW } });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    await opens({ secretKey: NEW });
  });

  it('refuses a file that a server or a shell has open', async () => {
    const cwd = emptyFolder();
    const server = start(['serve', '--port', '0', '--log-level', 'silent'], { cwd });
    await server.url();
    await server.said(/keys create/);
    expect(await run(rotate(), { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(/is in use by the server at http/)),
    });
    await server.stop();
    connect(join(cwd, FILE)).prepare('select count(*) from hook').get();
    expect(await run(rotate(), { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(oneLine(/is in use by another process/)),
    });
  });

  it('changes the key on PostgreSQL while servers run that have both', async () => {
    const database = await aPostgresDatabase();
    const before = await harness({ database, secretKey: OLD });
    const hook = await fill(before);
    await before.controlPlane.close();
    const running = await harness({ database, secretKey: NEW, secretKeyOld: OLD });
    await opensAll(running, hook);
    const cwd = emptyFolder(); // the running server has sealed one of them with the new key meanwhile
    const env = { PIPELOGIQ_DATABASE: database, PIPELOGIQ_SECRET_KEY: NEW, PIPELOGIQ_SECRET_KEY_OLD: OLD };
    const ended = await run(['secrets', 'rotate'], { cwd, env });
    expect(ended).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^2 of 3 secrets in postgres:/) });
    await opensAll(running, hook);
    await running.controlPlane.close();
    const after = await harness({ database, secretKey: NEW });
    await opensAll(after, hook);
    expect(await run(['secrets', 'rotate'], { cwd, env })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^0 of 3 secrets/),
    });
    const rows = await queryOnce(database, `select count(*) as n from hook where secrets like 'v1.%'`);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it.each([
    [['secrets'], 2, /./],
    [['secrets', 'rotate', '--database', 'missing.db'], 1, /there is no file missing\.db/],
    [rotate(), 1, /PIPELOGIQ_SECRET_KEY_OLD to the one of now/],
    [['secrets', 'rotate', '--database', 'text.db'], 1, /is not an SQLite database/],
  ])('says in one line what is wrong: %j', async (args, code, words) => {
    const cwd = emptyFolder();
    const h = await harness({ database: join(cwd, FILE) });
    await h.controlPlane.close();
    writeFileSync(join(cwd, 'text.db'), 'no database at all, '.repeat(1_000));
    const ended = await run(args, { cwd });
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(words) });
  });
});
