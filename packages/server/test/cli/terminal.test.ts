import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeAdminFile } from '../../src/cli/admin-file.js';
import { writeSecretFile } from '../../src/cli/secret-file.js';
import { buildCommand, emptyFolder, hasScript, oneLine, run, start } from './command.js';
import { aServer } from './in-process.js';

beforeAll(buildCommand);

/** The program as it ships, where only a process of its own or a terminal shows it. */
describe('the built command', () => {
  it('finds the server of its folder by its credentials, and by the file beside the database', async () => {
    const { controlPlane, url } = await aServer();
    const cwd = emptyFolder();
    const made = await controlPlane.createApiKey({ name: 'dev', scopes: ['produce', 'read'] });
    mkdirSync(join(cwd, '.pipelogiq'));
    writeSecretFile(join(cwd, '.pipelogiq/credentials'), { url, apiKey: made.key });
    const created = await run(['pipelines', 'create', '--name', 'order', '--handler', 'h', '--json'], { cwd });
    expect([created.code, JSON.parse(created.stdout)]).toEqual([0, expect.objectContaining({ created: true })]);
    const token = controlPlane.connection().apiKey;
    writeAdminFile(join(cwd, 'pipelogiq.db'), { url, token, pid: process.pid });
    const keys = await run(['keys', 'list', '--json'], { cwd }); // which the key of the credentials may not see
    expect([keys.code, JSON.parse(keys.stdout).items.map(({ name }: { name: string }) => name)]).toEqual([0, ['dev']]);
    chmodSync(join(cwd, '.pipelogiq/credentials'), 0o644); // others can read it: not ours alone
    const env = { PIPELOGIQ_DATABASE: 'other.db' };
    const away = await run(['pipelines', 'list'], { cwd, env });
    expect(away).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(oneLine(/no server runs on the database other\.db/)),
    });
  });

  it('leaves a pipeline alone when it is interrupted while it watches, and ends with 130', async () => {
    const { create, call, flags } = await aServer();
    const { id } = await create({ name: 'order', stages: [{ name: 'charge' }] });
    const watching = start(['pipelines', 'watch', id, ...flags], { cwd: emptyFolder() });
    await watching.said(/charge: ○ pending/);
    expect(await watching.stop('SIGINT')).toMatchObject({ code: 130, stderr: '' });
    expect(await call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'running' });
  });

  it.skipIf(!hasScript())('draws on a terminal, in colour unless NO_COLOR is set', async () => {
    const { create, worker, flags } = await aServer();
    const { id } = await create({ name: 'order', stages: [{ name: 'charge' }] });
    const watching = start(['pipelines', 'watch', id, ...flags], { cwd: emptyFolder(), terminal: true });
    await watching.said(/○ pending/);
    const hand = await worker(['charge']);
    await hand.ack(await hand.one());
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stripVTControlCharacters(stdout)).toMatch(/charge {2}█{20} {2}✓ completed/);
    expect(stdout).toContain('\u001b[32m✓ completed\u001b[39m');
    const plain = await run(['pipelines', 'list', ...flags], { cwd: emptyFolder(), terminal: true, env: { NO_COLOR: '1' } });
    expect(plain.stdout).toContain('✓ completed');
    expect(plain.stdout).not.toContain('\u001b[');
  });

  it('ends quietly when nobody reads on, as behind `head`', async () => {
    const { create, worker, flags } = await aServer();
    const { id } = await create({ name: 'order', stages: [{ name: 'charge' }] });
    const watching = start(['pipelines', 'watch', id, ...flags], { cwd: emptyFolder() });
    await watching.said(/○ pending/);
    watching.process.stdout?.destroy();
    const hand = await worker(['charge']);
    await hand.one(); // the next line, which nobody takes
    expect(await watching.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
