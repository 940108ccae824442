import type { Command } from 'commander';
import type { Output } from '../output.js';
import { channelsCommand } from './channels.js';
import { incidentsCommand } from './incidents.js';
import { recommendCommand } from './recommend.js';
import { testCommand } from './test.js';

/** `pipelogiq alerts …` */
export function alertsCommands(program: Command, output: Output, finish: (exitCode: number) => void): void {
  const group = program.command('alerts').description('who is told when something goes wrong');
  incidentsCommand(group, output);
  channelsCommand(group, output);
  testCommand(group, output, finish);
  recommendCommand(group, output);
}
