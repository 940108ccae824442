import type { Command } from 'commander';
import type { Output } from '../output.js';
import { cancelCommand } from './cancel.js';
import { createCommand } from './create.js';
import { listCommand } from './list.js';
import { pauseCommand } from './pause.js';
import { rerunCommand } from './rerun.js';
import { resumeCommand } from './resume.js';
import { showCommand } from './show.js';
import { watchCommand } from './watch.js';

/** `pipelogiq pipelines …` */
export function pipelinesCommands(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const group = program.command('pipelines').description('what runs and what ran');
  createCommand(group, output, finish);
  listCommand(group, output);
  showCommand(group, output);
  watchCommand(group, output, finish);
  rerunCommand(group, output, finish);
  pauseCommand(group, output, finish);
  resumeCommand(group, output, finish);
  cancelCommand(group, output, finish);
}
