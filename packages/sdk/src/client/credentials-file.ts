import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../errors.js';

/** Where `pipelogiq dev` writes the key of this folder, relative to it. */
const CREDENTIALS_FILE = join('.pipelogiq', 'credentials');
const OWNER_ONLY = 0o600;

/**
 * Reads the credentials that `pipelogiq dev` left in the folder. They are for development on one machine: the file counts
 * only when nobody else could have read or planted it and when it names a server on this machine.
 *
 * @throws ConfigurationError naming the rule that was broken
 */
export function readCredentialsFile(folder: string, env: NodeJS.ProcessEnv): { url: string; apiKey: string } {
  const path = join(folder, CREDENTIALS_FILE);
  const text = readOwn(path, env);
  const parsed = parse(text);
  if (!parsed) throw refused(path, 'it is not JSON of the form {"url", "apiKey"}');
  if (!isLoopback(parsed.url)) throw refused(path, 'its URL is not on the loopback interface');
  return parsed;
}

function readOwn(path: string, env: NodeJS.ProcessEnv): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw nothingConfigured();
    throw refused(path, `it cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  try {
    if (env.NODE_ENV === 'production') throw refused(path, 'NODE_ENV is production');
    assertPrivate(path, file);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Looks at the open file, not at its path: nobody can swap it in between. */
function assertPrivate(path: string, file: number): void {
  const uid = process.getuid?.();
  if (uid === undefined) return; // Windows has neither modes nor owners; the user's folder is closed to others there
  const stats = fstatSync(file);
  const mode = stats.mode & 0o777;
  if (!stats.isFile()) throw refused(path, 'it is not a regular file');
  if (stats.uid !== uid) throw refused(path, 'it belongs to another user');
  if (mode !== OWNER_ONLY) throw refused(path, `its mode is 0${mode.toString(8)} and must be 0600`);
}

function parse(text: string): { url: string; apiKey: string } | undefined {
  try {
    const { url, apiKey } = JSON.parse(text) as Record<string, unknown>;
    return typeof url === 'string' && typeof apiKey === 'string' ? { url, apiKey } : undefined;
  } catch {
    return undefined; // the parser's message would quote the file, and with it the key
  }
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const ALTERNATIVES = 'pass { url, apiKey } or set PIPELOGIQ_URL and PIPELOGIQ_API_KEY';

function refused(path: string, rule: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`The credentials in ${path} are not used: ${rule}. Instead, ${ALTERNATIVES}.`, cause);
}

function nothingConfigured(): ConfigurationError {
  return new ConfigurationError(
    `No Pipelogiq server is configured: ${ALTERNATIVES}, or start one in this folder with: npx @pipelogiq/server dev`,
  );
}
