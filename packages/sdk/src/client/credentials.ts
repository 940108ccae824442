import { ConfigurationError } from '../errors.js';
import type { Target } from '../transport/http-transport.js';
import { readCredentialsFile } from './credentials-file.js';

/** Where a server listens that was started without options. */
const DEFAULT_URL = 'http://127.0.0.1:8080';
/** What an injected `fetch` sees when no URL is given: it never leaves the process. */
const IN_PROCESS_URL = 'http://localhost';

/** What the client was given, and the surroundings it may look at. */
export interface CredentialSources {
  url?: string | undefined;
  apiKey?: string | undefined;
  /** With an injected `fetch` no key is needed, and no file is read. */
  injectedFetch?: boolean;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/**
 * Finds the server and the key: explicit options, then `PIPELOGIQ_URL` and `PIPELOGIQ_API_KEY`, then
 * `./.pipelogiq/credentials`. The file is asked only when neither of the others gives a URL or a key, so that a key never
 * travels to a server that it was not made for.
 *
 * @throws ConfigurationError naming what is missing or which rule the file broke
 */
export function resolveTarget(sources: CredentialSources): Target {
  const env = sources.env ?? process.env;
  const url = sources.url ?? nonEmpty(env.PIPELOGIQ_URL);
  const apiKey = sources.apiKey ?? nonEmpty(env.PIPELOGIQ_API_KEY);
  if (sources.injectedFetch) return checked({ url: url ?? IN_PROCESS_URL, apiKey });
  if (apiKey !== undefined) return checked({ url: url ?? DEFAULT_URL, apiKey });
  if (url !== undefined) {
    throw new ConfigurationError('There is a Pipelogiq URL but no API key: set PIPELOGIQ_API_KEY or pass { url, apiKey }.');
  }
  return checked(readCredentialsFile(sources.cwd ?? process.cwd(), env));
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}

/** No message repeats the key, nor a URL that might hold a password. */
function checked({ url, apiKey }: Target): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new ConfigurationError('The Pipelogiq URL is not an http or https URL. It looks like http://127.0.0.1:8080.');
  }
  if (parsed.username || parsed.password) {
    throw new ConfigurationError('The Pipelogiq URL holds a user name or password. Give an API key instead.');
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new ConfigurationError('The Pipelogiq API key holds characters that no key has, such as spaces or line breaks.');
  }
  return { url, apiKey };
}
