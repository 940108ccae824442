import { type OneTimeLink, ROUTES } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { callServer } from './call.js';
import { addServerFlags, onServer, type ServerFlags } from './connection.js';
import { CliError, EXIT } from './failure.js';
import type { Output } from './output.js';
import { printJson } from './paging.js';

interface Flags extends ServerFlags {
  username?: string;
  output?: string;
}

/** Secrets are printed to nobody who is not asked for. @throws CliError */
export function requireReader(output: Output, { output: to }: { output?: string }): void {
  if (to === '-' || output.isTerminal) return;
  throw new CliError('links are printed to a terminal only; use --output - to print it anyway', { exitCode: EXIT.usage });
}

/** `pipelogiq login-link`: a link that signs somebody in to the dashboard, once. */
export function loginLinkCommand(program: Command, output: Output): void {
  const command = program
    .command('login-link')
    .description('a link that signs the first owner in, or a user, once')
    .option('--username <text>', 'whom; without it the first owner, who is made when there is none')
    .option('--output <file>', '- prints the link even when no terminal reads it');
  addServerFlags(command).action(async (flags: Flags) => {
    requireReader(output, flags);
    const body = flags.username === undefined ? {} : { username: flags.username };
    const link = await onServer(
      flags,
      async (_, target) => {
        const made = await callServer<OneTimeLink>(target, 'POST', ROUTES.authLinks, body);
        return { url: `${target.url}/${made.path}`, expiresAt: made.expiresAt };
      },
      'admin',
    );
    if (flags.json) printJson(output, link);
    else output.line(link.url);
  });
}
