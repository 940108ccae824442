import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { databaseName, envName, resolveConfig } from '../config.js';
import { SERVER_VERSION } from '../version.js';
import { CliError } from './failure.js';
import { signInLink } from './links.js';
import { isLoopback } from './loopback.js';
import { addConfigFlags } from './options.js';
import type { Output } from './output.js';
import { readyLine } from './ready-line.js';
import { type RunningServer, runServer } from './run-server.js';
import { readSecretFile, writeSecretFile } from './secret-file.js';

const FOLDER = '.pipelogiq';
/** Which database the credentials are of: not in their file, for that holds what a client takes. */
const LAST_RUN = join(FOLDER, 'dev.json');
/** What differs from `serve`: state stays out of the way, the terminal is for people, and no proxy stands in front of it. */
const DEFAULTS = { database: `./${FOLDER}/dev.db`, logLevel: 'warn', metricsAccess: 'local' } as const;

function makeFolder(): void {
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new CliError(`cannot write to the folder ${resolve(FOLDER)}`, { cause: error });
  }
}

/** The key of the last run while it still works, so that restarts do not pile up keys. One of another database is not tried: it would be refused, and noted as an attempt. */
async function workingKey({ controlPlane, url }: RunningServer, path: string, database: string): Promise<string | undefined> {
  const apiKey = readSecretFile(path)?.apiKey;
  if (typeof apiKey !== 'string' || readSecretFile(LAST_RUN)?.database !== database) return undefined;
  const response = await controlPlane.fetch(
    new Request(`${url}/pipelines?limit=1`, { headers: { authorization: `Bearer ${apiKey}` } }),
  );
  return response.ok ? apiKey : undefined;
}

/** Writes the file that the SDK finds by itself: `{ url, apiKey }`, mode 0600. */
async function writeCredentials(server: RunningServer, database: string): Promise<string> {
  const path = join(FOLDER, 'credentials');
  const scopes = ['produce', 'work', 'read', 'operate'] as const;
  const apiKey =
    (await workingKey(server, path, database)) ??
    (await server.controlPlane.createApiKey({ name: 'dev', scopes: [...scopes] })).key;
  writeSecretFile(path, { url: server.url, apiKey });
  writeSecretFile(LAST_RUN, { database });
  return path;
}

interface Flags extends Record<string, unknown> {
  json?: boolean;
}

/** `pipelogiq dev`: a server for one developer on one machine. */
export function devCommand(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const description = `run a server for development: loopback only, credentials in ./${FOLDER}/credentials`;
  const command = addConfigFlags(program.command('dev').description(description), DEFAULTS);
  command.option('--json', 'say in one line of JSON that it is ready');
  command.action(async ({ json, ...flags }: Flags) => {
    const given = resolveConfig({ flags, env: process.env });
    const chosen = (name: keyof typeof DEFAULTS) => flags[name] !== undefined || !!process.env[envName(name)];
    const config = {
      ...given,
      ...(chosen('database') ? {} : { database: DEFAULTS.database }),
      ...(chosen('logLevel') || process.env.LOG_LEVEL ? {} : { logLevel: DEFAULTS.logLevel }),
      ...(chosen('metricsAccess') ? {} : { metricsAccess: DEFAULTS.metricsAccess }),
    };
    if (!isLoopback(config.host)) {
      throw new CliError(`dev listens on this machine only, not on ${config.host}; use \`pipelogiq serve\``, { exitCode: 2 });
    }
    makeFolder();
    const exitCode = await runServer(config, async (server) => {
      const database = databaseName(config.database);
      const path = await writeCredentials(server, database);
      const link = output.isTerminal ? await signInLink(server) : undefined;
      if (json) {
        output.line(readyLine({ url: server.url, database, ...(link && { signInLink: link }), credentials: path }));
        return;
      }
      const dashboard = `${server.url}/dashboard/`;
      output.line(`Pipelogiq ${SERVER_VERSION} for development (database ${database})`);
      if (output.isTerminal) output.line(`  Dashboard    ${link ?? dashboard} (signs you in, once)`);
      else output.line(`  Dashboard    ${dashboard} (\`pipelogiq login-link\` signs you in)`);
      output.line(`  Credentials  ./${path} (the SDK finds them by itself)`);
      output.line('  Stop         Ctrl-C');
    });
    finish(exitCode);
  });
}
