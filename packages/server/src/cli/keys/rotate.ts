import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { lengthOf } from '../time-words.js';
import { checkReader, handOver, OUTPUT_FLAG } from './create.js';
import { findKey, WHICH_KEY } from './disable.js';

interface Flags extends ServerFlags {
  overlap?: string;
  output?: string;
}

/** `pipelogiq keys rotate` */
export function rotateCommand(group: Command, output: Output): void {
  const command = group
    .command('rotate')
    .description('give an API key a new secret and print it once')
    .argument('<key>', WHICH_KEY)
    .option('--overlap <time>', "for how long the present secret is taken too, as 0s, 90m, 24h (default: the server's, a day)")
    .option(...OUTPUT_FLAG);
  addServerFlags(command).action(async (which: string, flags: Flags) => {
    const request = flags.overlap === undefined ? {} : { overlapMs: lengthOf(flags.overlap, '--overlap') };
    checkReader(output, flags.output);
    await onServer(
      flags,
      async (client, target) => {
        const { id } = await findKey(client, which);
        handOver(output, await client.apiKeys.rotate(id, request), target, flags);
      },
      'admin',
    );
  });
}
