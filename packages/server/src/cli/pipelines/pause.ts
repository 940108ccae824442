import type { Command } from 'commander';
import type { Output } from '../output.js';
import { actCommand } from './act.js';

/** `pipelogiq pipelines pause` */
export const pauseCommand = (group: Command, output: Output, finish: (exitCode: number) => void): void =>
  actCommand(group.command('pause'), output, finish, {
    verb: 'pause',
    description: 'let no further stage of a pipeline start',
    one: (client, id) => client.pipelines.pause(id),
  });
