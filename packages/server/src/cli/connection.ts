import { join } from 'node:path';
import type { Pipelogiq, PipelogiqError } from '@pipelogiq/sdk';
import { type Command, Option } from 'commander';
import { databaseName, resolveConfig } from '../config.js';
import { runningServer } from './admin-file.js';
import { CliError, EXIT, type ExitCode, refusalText } from './failure.js';
import { isLoopback } from './loopback.js';
import { readSecretFile } from './secret-file.js';

/** What every command that asks a server takes. */
export interface ServerFlags {
  url?: string;
  apiKey?: string;
  database?: string;
  json?: boolean;
}

/** A server and a key for it. */
export interface Target {
  /** Without a slash at its end. */
  url: string;
  apiKey: string;
  /** Where the address was found, for messages. */
  from: string;
  /** Where the key was found, when elsewhere. */
  keyFrom?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';
const CREDENTIALS = join('.pipelogiq', 'credentials');
/** A person waits: a server that is away is told of at once, not after the patience that a program has. */
const PATIENCE = { retryForMs: 0, timeoutMs: 30_000 } as const;

export const addServerFlags = (command: Command): Command =>
  command
    .option('--url <url>', 'the server (PIPELOGIQ_URL)')
    .option('--api-key <key>', 'its API key; better in PIPELOGIQ_API_KEY, since other users of the machine see arguments')
    .option('--database <text>', 'instead of both: the database of the server that runs on this machine (PIPELOGIQ_DATABASE)')
    .addOption(new Option('--json', 'print JSON, with exact times'));

const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/**
 * Where commands find their server. In this order: `--url` and `--api-key`; `--database`, whose server's admin file must be ours;
 * PIPELOGIQ_URL and PIPELOGIQ_API_KEY; `.pipelogiq/credentials` of this folder, unless an admin is needed; the admin file beside the
 * database that is configured, or that `serve` and `dev` have in this folder.
 *
 * @throws CliError when there is none
 */
async function findTarget(flags: ServerFlags, needs: 'any' | 'admin' = 'any', env = process.env): Promise<Target> {
  const explicit = flags.url !== undefined || flags.apiKey !== undefined;
  if (!explicit && flags.database !== undefined) return ofDatabases([flags.database]);
  const url = flags.url ?? (env.PIPELOGIQ_URL?.trim() || undefined);
  const apiKey = flags.apiKey ?? (env.PIPELOGIQ_API_KEY?.trim() || undefined);
  const from = flags.url !== undefined ? '--url' : url === undefined ? 'the default' : 'PIPELOGIQ_URL';
  if (url !== undefined && !isHttp(url))
    throw new CliError(`${from} must be an address as http://127.0.0.1:8080`, {
      exitCode: EXIT.usage,
    });
  if (apiKey !== undefined) {
    return { url: url ?? DEFAULT_URL, apiKey, from, keyFrom: flags.apiKey === undefined ? 'PIPELOGIQ_API_KEY' : '--api-key' };
  }
  if (url !== undefined)
    throw new CliError('there is a URL but no API key for it; set PIPELOGIQ_API_KEY, or give --api-key', {
      exitCode: EXIT.usage,
    });
  const found = needs === 'any' && env.NODE_ENV !== 'production' ? ofCredentials() : undefined;
  if (found) return found;
  const { database } = resolveConfig({ env });
  return ofDatabases(env.PIPELOGIQ_DATABASE ? [database] : [database, './.pipelogiq/dev.db']);
}

/** As the SDK: only a file that is ours alone, and only for this machine. */
function ofCredentials(): Target | undefined {
  const { url, apiKey } = readSecretFile(CREDENTIALS) ?? {};
  if (typeof url !== 'string' || typeof apiKey !== 'string' || !URL.canParse(url)) return undefined;
  if (!isLoopback(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'))) return undefined;
  return { url, apiKey, from: `./${CREDENTIALS}` };
}

async function ofDatabases(databases: readonly string[]): Promise<Target> {
  for (const database of databases) {
    const server = await runningServer(database);
    if (server) return { url: server.url, apiKey: server.token, from: `the admin file of ${databaseName(database)}` };
  }
  throw new CliError(
    `no server runs on the database ${databases.map(databaseName).join(' or ')}; start one with \`pipelogiq serve\`, name its file with --database, or set PIPELOGIQ_URL and PIPELOGIQ_API_KEY`,
    { exitCode: EXIT.unreachable },
  );
}

/** Calls the server with a client that is closed at the end. What goes wrong is told in words. @throws CliError */
export async function onServer<T>(
  flags: ServerFlags,
  use: (client: Pipelogiq, target: Target) => Promise<T>,
  needs: 'any' | 'admin' = 'any',
): Promise<T> {
  const found = await findTarget(flags, needs);
  const target = { ...found, url: found.url.replace(/\/+$/, '') };
  const { Pipelogiq, PipelogiqError } = await import('@pipelogiq/sdk'); // late: help and mistakes do without it
  const client = new Pipelogiq({ url: target.url, apiKey: target.apiKey, ...PATIENCE });
  try {
    return await use(client, target);
  } catch (error) {
    throw error instanceof PipelogiqError ? inWords(error, target) : error;
  } finally {
    await client.close();
  }
}

const EXITS: Readonly<Record<string, ExitCode>> = {
  connection_failed: EXIT.unreachable,
  timeout: EXIT.unreachable,
  not_found: EXIT.notFound,
  invalid_configuration: EXIT.usage,
  invalid_input: EXIT.usage,
};

function inWords(error: PipelogiqError, { from, keyFrom = from }: Target): CliError {
  const { code, status, requestId, errors, message, cause } = error;
  const exitCode = EXITS[code] ?? EXIT.failed;
  if (status === undefined || status < 400)
    return new CliError(exitCode === EXIT.unreachable ? `${message} (the address is from ${from})` : message, {
      exitCode,
      cause,
    });
  const hint = code === 'unauthenticated' ? ` The key is from ${keyFrom}.` : '';
  return new CliError(refusalText({ status, message, errors, requestId, hint }), { exitCode, cause: error });
}
