import type { Command } from 'commander';
import type { Output } from '../output.js';
import { actCommand } from './act.js';

/** `pipelogiq pipelines cancel` */
export function cancelCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group.command('cancel').option('--reason <text>', 'why; it is kept with the pipeline');
  const more = ({ reason }: { reason?: string }) => (reason === undefined ? {} : { reason });
  actCommand(command, output, finish, {
    verb: 'cancel',
    description: 'cancel a pipeline',
    one: (client, id, flags) => client.pipelines.cancel(id, more(flags)),
    more,
  });
}
