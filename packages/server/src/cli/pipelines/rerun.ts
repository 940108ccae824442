import type { Pipeline, Stage } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { findStage } from '../stage-of.js';
import { statusWord } from '../style.js';
import { plain } from '../text.js';
import { actOnMany, addManyFlags, isForMany, type ManyFlags } from './many.js';

interface Flags extends ServerFlags, ManyFlags {
  json?: boolean;
  fromFailed?: boolean;
  fromStart?: boolean;
  stage?: string;
  following?: boolean;
}

/** `pipelogiq pipelines rerun` */
export function rerunCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('rerun')
    .description('run a pipeline, one of its stages, or all pipelines that match a filter again')
    .argument('[id]', 'of the pipeline')
    .option('--from-failed', 'what failed or was cancelled, and what it blocked; so without any of these flags')
    .option('--from-start', 'every stage of a pipeline that has ended')
    .option('--stage <text>', 'only this stage, by its name or id; of all that match: the failed stages of this name')
    .option('--following', 'with --stage: also everything that depends on it');
  addServerFlags(addManyFlags(command)).action(async (id: string | undefined, flags: Flags) => {
    check(flags);
    const many = isForMany(id, flags);
    await onServer(flags, async (client) => {
      if (many || id === undefined) return finish(await actOnMany(client, output, flags, bulkOf(flags)));
      const rerun = await rerunOne(client, id, flags);
      if (flags.json) printJson(output, rerun);
      else output.line(`${plain(rerun.name)} ${rerun.id}  ${statusWord(rerun.status)}`);
    });
  });
}

function check({ fromFailed, fromStart, stage, following }: Flags): void {
  const ways = [fromFailed, fromStart, stage !== undefined].filter(Boolean).length;
  if (ways > 1) throw new CliError('give one of --from-failed, --from-start and --stage', { exitCode: EXIT.usage });
  if (following && stage === undefined) throw new CliError('--following goes with --stage', { exitCode: EXIT.usage });
}

async function rerunOne(client: Pipelogiq, id: string, { stage, following, fromStart }: Flags): Promise<Pipeline | Stage> {
  if (stage === undefined) return client.pipelines.rerun(id, { from: fromStart ? 'start' : 'failed' });
  const found = await findStage(client, id, stage);
  return client.stages.rerun(found.id, following ? { following: true } : {});
}

const bulkOf = ({ stage, following, fromStart }: Flags) =>
  stage === undefined
    ? ({ action: 'rerun', rerunFrom: fromStart ? 'start' : 'failed' } as const)
    : ({ action: 'rerun_stages', stages: { name: stage }, ...(following && { following: true }) } as const);
