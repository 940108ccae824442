import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { statusWord } from '../style.js';
import { plain } from '../text.js';
import { actOnMany, addManyFlags, isForMany, type ManyFlags } from './many.js';

type Flags = ServerFlags & ManyFlags & { reason?: string };

/** `pipelogiq pipelines cancel` */
export function cancelCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('cancel')
    .description('cancel a pipeline, or all that match a filter')
    .argument('[id]', 'of the pipeline')
    .option('--reason <text>', 'why; it is kept with the pipeline');
  addServerFlags(addManyFlags(command)).action(async (id: string | undefined, flags: Flags) => {
    const many = isForMany(id, flags);
    const reason = flags.reason === undefined ? {} : { reason: flags.reason };
    await onServer(flags, async (client) => {
      if (many || id === undefined) return finish(await actOnMany(client, output, flags, { action: 'cancel', ...reason }));
      const pipeline = await client.pipelines.cancel(id, reason);
      if (flags.json) printJson(output, pipeline);
      else output.line(`${plain(pipeline.name)} ${pipeline.id}  ${statusWord(pipeline.status)}`);
    });
  });
}
