import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeAdminFile } from '../../src/cli/admin-file.js';
import { emptyFolder, oneLine } from './command.js';
import { aServer, inProcess, type Outcome } from './in-process.js';

afterEach(() => void vi.unstubAllEnvs());

const list = (...flags: string[]): Promise<Outcome> => inProcess(['keys', 'list', '--all', ...flags]);

/** A server whose only key has the name of it, so that its list tells which server was asked. */
async function named(name: string) {
  const { controlPlane, url } = await aServer();
  await controlPlane.createApiKey({ name, scopes: ['read'] });
  return { url, key: controlPlane.connection().apiKey };
}

describe('which server is asked', () => {
  it('flags count before --database, and both before variables', async () => {
    const [byFlags, byFile, byVariables] = [await named('by-flags'), await named('by-file'), await named('by-variables')];
    const database = join(emptyFolder(), 'here.db');
    writeAdminFile(database, { url: byFile.url, token: byFile.key, pid: process.pid });
    vi.stubEnv('PIPELOGIQ_URL', byVariables.url);
    vi.stubEnv('PIPELOGIQ_API_KEY', byVariables.key);
    expect((await list()).stdout).toContain('by-variables');
    expect((await list('--database', database)).stdout).toContain('by-file');
    const flags = ['--url', byFlags.url, '--api-key', byFlags.key];
    expect((await list('--database', database, ...flags)).stdout).toContain('by-flags');
  });

  it('a URL without a key is a mistake: no file is asked for one, since its key is of another server', async () => {
    vi.stubEnv('PIPELOGIQ_URL', 'http://127.0.0.1:1');
    vi.stubEnv('PIPELOGIQ_API_KEY', '');
    const outcome = await list();
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(oneLine(/a URL but no API key/)) });
  });

  it.each(['nonsense', 'localhost:8080', 'ftp://127.0.0.1'])(
    'says of %s that it is no address, before it asks for a key',
    async (url) => {
      vi.stubEnv('PIPELOGIQ_API_KEY', '');
      const outcome = await list('--url', url);
      expect(outcome).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(oneLine(/--url must be an address as http:/)),
      });
      vi.stubEnv('PIPELOGIQ_URL', url);
      expect((await list()).stderr).toMatch(oneLine(/PIPELOGIQ_URL must be an address/));
    },
  );
});
