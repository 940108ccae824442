import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConfigurationError } from '../errors.js';
import { type CredentialSources, resolveTarget } from './credentials.js';

const FILE = { url: 'http://127.0.0.1:8080', apiKey: 'plq_from_file' };

/** A folder with a credentials file as `pipelogiq dev` writes it, or with another text or mode. */
function folder(content: unknown = FILE, mode = 0o600): string {
  const path = mkdtempSync(join(tmpdir(), 'pipelogiq-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  mkdirSync(join(path, '.pipelogiq'));
  const file = join(path, '.pipelogiq', 'credentials');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  chmodSync(file, mode);
  return path;
}

const resolve = (sources: CredentialSources) => resolveTarget({ env: {}, cwd: tmpdir(), ...sources });

function refusal(sources: CredentialSources): string {
  try {
    resolve(sources);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  return expect.fail('should have been refused');
}

describe('where credentials come from', () => {
  const env = { PIPELOGIQ_URL: 'http://env:1', PIPELOGIQ_API_KEY: 'plq_env' };

  it('takes explicit ones first, then variables, then the file', () => {
    const cwd = folder();
    expect(resolve({ url: 'https://a', apiKey: 'k', env, cwd })).toEqual({ url: 'https://a', apiKey: 'k' });
    expect(resolve({ env, cwd })).toEqual({ url: 'http://env:1', apiKey: 'plq_env' });
    expect(resolve({ url: 'https://a', env, cwd })).toEqual({ url: 'https://a', apiKey: 'plq_env' });
    expect(resolve({ cwd })).toEqual(FILE);
  });

  it('takes a variable that is set to nothing as not set', () => {
    expect(resolve({ env: { PIPELOGIQ_URL: '', PIPELOGIQ_API_KEY: ' ' }, cwd: folder() })).toEqual(FILE);
  });

  it('takes the default address when there is only a key', () => {
    expect(resolve({ apiKey: 'k' }).url).toBe('http://127.0.0.1:8080');
  });

  it('never sends the key of the file to another URL', () => {
    expect(refusal({ url: 'https://elsewhere.example', cwd: folder() })).toContain('no API key');
  });

  it('needs neither URL nor key nor file with an injected fetch', () => {
    expect(resolve({ injectedFetch: true, cwd: folder() })).toEqual({ url: 'http://localhost', apiKey: undefined });
  });

  it('says all ways when there is nothing', () => {
    const message = refusal({ cwd: join(tmpdir(), 'no-such-folder') });
    expect(message).toContain('PIPELOGIQ_URL and PIPELOGIQ_API_KEY');
    expect(message).toContain('npx @pipelogiq/server dev');
  });
});

describe('the rules of the credentials file', () => {
  it.each([0o644, 0o640, 0o660, 0o700, 0o400])('refuses mode %o', (mode) => {
    expect(refusal({ cwd: folder(FILE, mode) })).toMatch(/mode is 0\d{3} and must be 0600/);
  });

  it('refuses the file of another user', () => {
    const cwd = folder();
    const uid = (process.getuid?.() ?? 0) + 1;
    const getuid = vi.spyOn(process, 'getuid').mockReturnValue(uid);
    onTestFinished(() => getuid.mockRestore());
    expect(refusal({ cwd })).toContain('belongs to another user');
  });

  it.each(['https://example.com', 'http://10.0.0.1:8080', 'http://127.0.0.1.example.com', 'http://localhost.evil', 'nonsense'])(
    'refuses %s, which is not loopback',
    (url) => {
      expect(refusal({ cwd: folder({ ...FILE, url }) })).toContain('not on the loopback interface');
    },
  );

  it.each(['http://localhost:1', 'http://127.0.0.1', 'http://127.1.2.3:80', 'http://[::1]:8080'])('takes %s', (url) => {
    expect(resolve({ cwd: folder({ ...FILE, url }) }).url).toBe(url);
  });

  it('refuses it in production', () => {
    expect(refusal({ cwd: folder(), env: { NODE_ENV: 'production' } })).toContain('NODE_ENV is production');
  });

  it.each(['plq_key_as_text', '{"url":"http://localhost"}', '[]', 'null'])('refuses %s without quoting it', (text) => {
    const message = refusal({ cwd: folder(text) });
    expect(message).toContain('not JSON of the form');
    expect(message).not.toContain('plq_key');
  });
});

describe('bad values', () => {
  it.each(['ftp://x', 'localhost:8080', 'nothing'])('refuses the URL %s', (url) => {
    expect(refusal({ url, apiKey: 'k' })).toContain('not an http or https URL');
  });

  it('refuses a URL with a password without repeating it', () => {
    const message = refusal({ url: 'http://user:hunter2@host', apiKey: 'k' });
    expect(message).toContain('password');
    expect(message).not.toContain('hunter2');
  });

  it('refuses a key with a line break without repeating it', () => {
    const message = refusal({ apiKey: 'plq_secret\n' });
    expect(message).toContain('line breaks');
    expect(message).not.toContain('plq_secret');
  });
});
