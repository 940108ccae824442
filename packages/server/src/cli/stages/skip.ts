import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { actOnMany, addManyFlags, isForMany, type ManyFlags } from '../pipelines/many.js';
import { findStage, ofStage } from '../stage-of.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { plain } from '../text.js';

type Flags = ServerFlags & ManyFlags & { stage?: string };

/** `pipelogiq stages skip` */
export function skipCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('skip')
    .description('count a stage as done without an output, or the failed stages of all pipelines that match a filter')
    .argument('[id]', 'of the stage; or of its pipeline, when its name follows')
    .argument('[name]', 'of the stage')
    .option('--stage <text>', 'of all that match: only the failed stages of this name');
  addServerFlags(addManyFlags(command)).action(async (id: string | undefined, name: string | undefined, flags: Flags) => {
    const many = isForMany(id, flags);
    await onServer(flags, async (client) => {
      if (many || id === undefined) {
        const stages = flags.stage === undefined ? {} : { stages: { name: flags.stage } };
        return finish(await actOnMany(client, output, flags, { action: 'skip_stages', ...stages }));
      }
      const skip = (its: string) => client.stages.skip(its);
      const stage = await (name === undefined ? ofStage(client, id, skip) : skip((await findStage(client, id, name)).id));
      const word = styled(output, statusStyle(stage.status), statusWord(stage.status));
      if (flags.json) printJson(output, stage);
      else output.line(`${plain(stage.name)} ${stage.id}  ${word}`);
    });
  });
}
