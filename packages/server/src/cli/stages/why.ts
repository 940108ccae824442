import type { DiagnosisReason, StageDiagnosis } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { findStage, ofStage } from '../stage-of.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { plain } from '../text.js';
import { relative } from '../time-words.js';

/** `pipelogiq stages why` */
export function whyCommand(group: Command, output: Output): void {
  const command = group
    .command('why')
    .description('why a stage does not run')
    .argument('<id>', 'of the stage; or of its pipeline, when its name follows')
    .argument('[name]', 'of the stage');
  addServerFlags(command).action(async (id: string, name: string | undefined, flags: ServerFlags) => {
    const { stage, diagnosis } = await onServer(flags, async (client) => {
      if (name === undefined) return { diagnosis: await ofStage(client, id, (its) => client.stages.diagnosis(its)) };
      const stage = await findStage(client, id, name);
      return { stage, diagnosis: await client.stages.diagnosis(stage.id) };
    });
    if (flags.json) printJson(output, diagnosis);
    else print(output, stage?.name ?? 'Stage', diagnosis, systemClock().now());
  });
}

function print(output: Output, what: string, { stageId, status, runnable, reasons }: StageDiagnosis, now: number): void {
  const word = styled(output, statusStyle(status), statusWord(status));
  output.line(`${plain(what)} ${stageId}  ${word}${runnable ? '  ready for a worker' : ''}`);
  for (const reason of reasons) output.line(`- ${plain(reason.message)}${times(reason, now)}`);
}

/** The sentences have exact times where they need them; these say how far away they are. */
function times({ since, until }: DiagnosisReason, now: number): string {
  const known = [since && `since ${relative(since, now)}`, until && `until ${relative(until, now)}`].filter(Boolean);
  return known.length > 0 ? ` (${known.join(', ')})` : '';
}
