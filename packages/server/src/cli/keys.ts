import { type ApiKeyCreated, type CreateApiKey, type Problem, ROUTES, SCOPES, type Scope } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { databaseName, resolveConfig } from '../config.js';
import { didYouMean } from '../did-you-mean.js';
import { type AdminFile, runningServer } from './admin-file.js';
import { CliError } from './failure.js';
import { addConfigFlags } from './options.js';
import type { Output } from './output.js';
import { writeSecretFile } from './secret-file.js';

interface CreateFlags {
  name: string;
  scopes: string;
  application?: string;
  output?: string;
  database?: string;
}

function parseScopes(text: string): Scope[] {
  const words = text.split(',').map((word) => word.trim());
  const isScope = (word: string): word is Scope => (SCOPES as readonly string[]).includes(word);
  const unknown = words.find((word) => !isScope(word));
  if (unknown === undefined) return words.filter(isScope);
  throw new CliError(
    `--scopes: unknown scope "${unknown}"${didYouMean(unknown, SCOPES) || `; choose from ${SCOPES.join(', ')}`}`,
    { exitCode: 2 },
  );
}

async function findServer(flags: CreateFlags): Promise<AdminFile> {
  const { database } = resolveConfig({ flags: { database: flags.database }, env: process.env });
  const databases = (flags.database ?? process.env.PIPELOGIQ_DATABASE) ? [database] : [database, './.pipelogiq/dev.db'];
  for (const candidate of databases) {
    const server = await runningServer(candidate);
    if (server) return server;
  }
  throw new CliError(
    `no server runs on the database ${databases.map(databaseName).join(' or ')}; start one with \`pipelogiq serve\`, or name its file with --database`,
  );
}

async function create(server: AdminFile, request: CreateApiKey): Promise<ApiKeyCreated> {
  const response = await fetch(`${server.url}${ROUTES.apiKeys}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (response.ok) return (await response.json()) as ApiKeyCreated;
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const fields = problem.errors?.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new CliError(`the server refused: ${fields ?? problem.detail ?? `status ${response.status}`}`);
}

/** `pipelogiq keys …`: API keys of a server that runs on this machine. */
export function keysCommand(program: Command, output: Output): void {
  const command = program.command('keys').description('API keys of the server that runs on this machine');
  const creating = command
    .command('create')
    .description('make an API key and print it once')
    .requiredOption('--name <text>', 'what the key is for')
    .requiredOption('--scopes <list>', `comma-separated: ${SCOPES.join(', ')}`)
    .option('--application <text>', "application it belongs to, made when new (default: the server's first)")
    .option('--output <file>', 'write {url, apiKey} to a file of mode 0600; - prints the key even when no terminal reads it');
  addConfigFlags(creating, {}, ['database']).action(async (flags: CreateFlags) => {
    const scopes = parseScopes(flags.scopes);
    if (flags.output === undefined && !output.isTerminal) {
      throw new CliError('secrets are printed to a terminal only; use --output FILE, or --output - to print it anyway', {
        exitCode: 2,
      });
    }
    const server = await findServer(flags);
    const application = flags.application === undefined ? {} : { application: flags.application };
    const made = await create(server, { name: flags.name, scopes, ...application });
    if (flags.output === undefined || flags.output === '-') return output.line(made.key);
    writeSecretFile(flags.output, { url: server.url, apiKey: made.key });
    output.line(`API key ${made.prefix}… written to ${flags.output}`);
  });
}
