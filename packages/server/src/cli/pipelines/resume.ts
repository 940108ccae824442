import type { Command } from 'commander';
import type { Output } from '../output.js';
import { actCommand } from './act.js';

/** `pipelogiq pipelines resume` */
export const resumeCommand = (group: Command, output: Output, finish: (exitCode: number) => void): void =>
  actCommand(group.command('resume'), output, finish, {
    verb: 'resume',
    description: 'let a paused pipeline go on',
    one: (client, id) => client.pipelines.resume(id),
  });
