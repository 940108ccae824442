import type { Command } from 'commander';
import type { Output } from '../output.js';
import { createCommand } from './create.js';
import { disableCommand } from './disable.js';
import { listCommand } from './list.js';
import { rotateCommand } from './rotate.js';

/** `pipelogiq keys …` */
export function keysCommands(program: Command, output: Output): void {
  const group = program
    .command('keys')
    .description('API keys; needs the scope admin, or the admin file of a server on this machine');
  createCommand(group, output);
  listCommand(group, output);
  rotateCommand(group, output);
  disableCommand(group, output);
}
