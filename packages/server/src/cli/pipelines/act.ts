import type { BulkActionKind, Pipeline } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { plain } from '../text.js';
import { actOnMany, addManyFlags, isForMany, type ManyFlags } from './many.js';

type Flags = ServerFlags & ManyFlags & { reason?: string };

interface Act {
  verb: Extract<BulkActionKind, 'cancel' | 'pause' | 'resume'>;
  description: string;
  one(client: Pipelogiq, id: string, flags: Flags): Promise<Pipeline>;
  /** What the action takes beside the filter. */
  more?(flags: Flags): { reason?: string };
}

/** A command that does the same to one pipeline by its id, or to all that match. Options of its own are added before. */
export function actCommand(
  command: Command,
  output: Output,
  finish: (exitCode: number) => void,
  { verb, description, one, more = () => ({}) }: Act,
): void {
  command.description(`${description}, or all that match a filter`).argument('[id]', 'of the pipeline');
  addServerFlags(addManyFlags(command)).action(async (id: string | undefined, flags: Flags) => {
    const many = isForMany(id, flags);
    await onServer(flags, async (client) => {
      if (many || id === undefined) return finish(await actOnMany(client, output, flags, { action: verb, ...more(flags) }));
      const pipeline = await one(client, id, flags);
      const { name, status } = pipeline;
      if (flags.json) printJson(output, pipeline);
      else output.line(`${plain(name)} ${pipeline.id}  ${styled(output, statusStyle(status), statusWord(status))}`);
    });
  });
}
