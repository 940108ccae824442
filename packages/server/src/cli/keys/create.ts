import { type ApiKeyCreated, SCOPES, type Scope } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { didYouMean } from '../../did-you-mean.js';
import { addServerFlags, onServer, type ServerFlags, type Target } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { writeSecretFile } from '../secret-file.js';
import { momentAhead } from '../time-words.js';

interface Flags extends ServerFlags {
  name: string;
  scopes: string;
  application?: string;
  expires?: string;
  output?: string;
}

function parseScopes(text: string): Scope[] {
  const words = text.split(',').map((word) => word.trim());
  const isScope = (word: string): word is Scope => (SCOPES as readonly string[]).includes(word);
  const unknown = words.find((word) => !isScope(word));
  if (unknown === undefined) return words.filter(isScope);
  throw new CliError(
    `--scopes: unknown scope "${unknown}"${didYouMean(unknown, SCOPES) || `; choose from ${SCOPES.join(', ')}`}`,
    { exitCode: EXIT.usage },
  );
}

/** Refused before a key is made that nobody would get to see. @throws CliError */
export function checkReader(output: Output, file: string | undefined): void {
  if (file !== undefined || output.isTerminal) return;
  throw new CliError('secrets are printed to a terminal only; use --output FILE, or --output - to print it anyway', {
    exitCode: EXIT.usage,
  });
}

/** Prints a new key once, or writes it to a file of mode 0600. */
export function handOver(
  output: Output,
  made: ApiKeyCreated,
  { url }: Target,
  { json, output: file }: Pick<Flags, 'json' | 'output'>,
): void {
  const { key, ...shown } = made;
  const isPrinted = file === undefined || file === '-';
  if (!isPrinted) writeSecretFile(file, { url, apiKey: key });
  if (json) printJson(output, isPrinted ? made : shown);
  else output.line(isPrinted ? key : `API key ${made.prefix}… written to ${file}`);
}

export const OUTPUT_FLAG = [
  '--output <file>',
  'write {url, apiKey} to a file of mode 0600; - prints the key even when no terminal reads it',
] as const;

/** `pipelogiq keys create` */
export function createCommand(group: Command, output: Output): void {
  const command = group
    .command('create')
    .description('make an API key and print it once')
    .requiredOption('--name <text>', 'what the key is for')
    .requiredOption('--scopes <list>', `comma-separated: ${SCOPES.join(', ')}`)
    .option('--application <text>', "application it belongs to, made when new (default: the server's first)")
    .option('--expires <time>', 'refused from then on: a time, or how far ahead as 12h, 90d')
    .option(...OUTPUT_FLAG);
  addServerFlags(command).action(async (flags: Flags) => {
    const { name, application, expires } = flags;
    const request = {
      name,
      scopes: parseScopes(flags.scopes),
      ...(application !== undefined && { application }),
      ...(expires !== undefined && { expiresAt: momentAhead(expires, '--expires', systemClock().now()) }),
    };
    checkReader(output, flags.output);
    await onServer(
      flags,
      async (client, target) => handOver(output, await client.apiKeys.create(request), target, flags),
      'admin',
    );
  });
}
