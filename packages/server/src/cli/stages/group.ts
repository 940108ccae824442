import type { Command } from 'commander';
import type { Output } from '../output.js';
import { skipCommand } from './skip.js';
import { whyCommand } from './why.js';

/** `pipelogiq stages …` */
export function stagesCommands(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const group = program.command('stages').description('single stages');
  whyCommand(group, output);
  skipCommand(group, output, finish);
}
