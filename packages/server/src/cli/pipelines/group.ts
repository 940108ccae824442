import type { Command } from 'commander';
import type { Output } from '../output.js';
import { listCommand } from './list.js';
import { showCommand } from './show.js';

/** `pipelogiq pipelines …` */
export function pipelinesCommands(program: Command, output: Output): void {
  const group = program.command('pipelines').description('what runs and what ran');
  listCommand(group, output);
  showCommand(group, output);
}
