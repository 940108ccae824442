import type { Channel, ChannelState } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { closest } from '../../did-you-mean.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printPage } from '../paging.js';
import type { Style } from '../style.js';
import type { Column } from '../table.js';
import { plain } from '../text.js';
import { relative } from '../time-words.js';

const HOW_TO_MAKE = 'make one under Alerts in the dashboard, or with POST /alerts/channels';

/** `pipelogiq alerts channels` */
export function channelsCommand(group: Command, output: Output): void {
  const command = group.command('channels').description('places where people are told, and whether they can be reached');
  addServerFlags(command).action(async (flags: ServerFlags) => {
    const items = await onServer(flags, (client) => client.alerts.channels().all());
    const none = `There is no channel yet: ${HOW_TO_MAKE}.`;
    printPage(output, { items, nextCursor: null }, { json: flags.json, none, columns: columns(systemClock().now()) });
  });
}

const LOOKS: Readonly<Record<ChannelState, readonly [string, Style]>> = {
  ok: ['✓ works', 'green'],
  failing: ['✗ failing', 'red'],
  untested: ['○ untested', 'dim'],
  disabled: ['‖ off', 'yellow'],
};

const columns = (now: number): Column<Channel>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  { title: 'TYPE', value: ({ type }) => type },
  { title: 'STATE', value: ({ status }) => LOOKS[status][0], style: ({ status }) => LOOKS[status][1] },
  { title: 'WAITING', value: ({ queued }) => String(queued), align: 'right' },
  { title: 'DELIVERED', value: ({ delivered }) => String(delivered), align: 'right' },
  { title: 'GIVEN UP', value: ({ failed }) => String(failed), align: 'right' },
  { title: 'LAST DELIVERY', value: ({ lastSuccessAt }) => relative(lastSuccessAt, now), align: 'right' },
  {
    title: 'LAST ERROR',
    value: ({ disabledReason, lastError }) => disabledReason ?? lastError?.message ?? '',
    style: () => 'red',
    flexible: true,
  },
];

/** Channels by name or id, in the order given. @throws CliError naming the first that is not there */
export async function channelsOf(client: Pipelogiq, namesOrIds: readonly string[]) {
  const all = await client.alerts.channels().all();
  return namesOrIds.map((text) => {
    const found = all.find(({ name }) => name === text) ?? all.find(({ id }) => id === text);
    if (found) return found;
    const names = all.map(({ name }) => name);
    const near = closest(text, names);
    const known = names.length === 0 ? `there is none yet: ${HOW_TO_MAKE}` : `there are ${names.map(plain).join(', ')}`;
    const hint = near === undefined ? known : `did you mean ${plain(near)}?`;
    throw new CliError(`there is no alert channel ${plain(text)}; ${hint}`, { exitCode: EXIT.notFound });
  });
}
