import type { Command } from 'commander';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { styled } from '../style.js';
import { facts } from '../table.js';
import { plain } from '../text.js';
import { duration } from '../time-words.js';
import { channelsOf } from './channels.js';

/** `pipelogiq alerts test` */
export function testCommand(group: Command, output: Output, finish: (exitCode: number) => void): void {
  const command = group
    .command('test')
    .description('send a test message through a channel, and show what the provider answered')
    .argument('<channel>', 'its name or id');
  addServerFlags(command).action(async (nameOrId: string, flags: ServerFlags) => {
    const { channel, tested } = await onServer(flags, async (client) => {
      const [channel] = await channelsOf(client, [nameOrId]);
      if (!channel) throw new Error('no channel'); // channelsOf gives one for each name
      return { channel, tested: await client.alerts.testChannel(channel.id) };
    });
    finish(tested.ok ? EXIT.done : EXIT.failed);
    if (flags.json) return printJson(output, tested);
    const word = tested.ok ? styled(output, 'green', '✓ delivered') : styled(output, 'red', '✗ failed');
    output.line(`${plain(channel.name)} (${channel.type})  ${word}  ${plain(tested.message)}`);
    const lines = facts(output, [
      ['Status', tested.status === undefined ? undefined : String(tested.status)],
      ['Answer', tested.answer],
      ['Took', duration(tested.durationMs)],
    ]);
    for (const line of lines) output.line(line);
  });
}
