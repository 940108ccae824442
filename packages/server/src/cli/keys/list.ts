import type { ApiKey } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printPage } from '../paging.js';
import type { Style } from '../style.js';
import type { Column } from '../table.js';
import { relative } from '../time-words.js';

interface Flags extends ServerFlags {
  application?: string;
  all?: boolean;
}

/** `pipelogiq keys list` */
export function listCommand(group: Command, output: Output): void {
  const command = group
    .command('list')
    .description('API keys that work')
    .option('--application <text>', 'of this application')
    .option('--all', 'also those that are disabled or expired');
  addServerFlags(command).action(async (flags: Flags) => {
    const now = systemClock().now();
    const keys = await onServer(flags, (client) => client.apiKeys.list().all(), 'admin');
    const items = keys.filter(
      (key) =>
        (flags.all || stateOf(key, now) === 'works') &&
        (flags.application === undefined || key.application === flags.application),
    );
    printPage(output, { items, nextCursor: null }, { json: flags.json, none: 'No key matches.', columns: columns(now) });
  });
}

type KeyState = 'works' | 'expired' | 'disabled';

function stateOf({ disabledAt, expiresAt }: ApiKey, now: number): KeyState {
  if (disabledAt !== undefined && Date.parse(disabledAt) <= now) return 'disabled';
  return expiresAt !== undefined && Date.parse(expiresAt) <= now ? 'expired' : 'works';
}

const LOOKS: Readonly<Record<KeyState, readonly [string, Style]>> = {
  works: ['✓ works', 'green'],
  expired: ['⊘ expired', 'yellow'],
  disabled: ['✗ disabled', 'dim'],
};

const columns = (now: number): Column<ApiKey>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  { title: 'KEY', value: ({ prefix }) => `${prefix.replace(/…$/, '')}…` }, // that of the bootstrap key has one of its own
  { title: 'STATE', value: (key) => LOOKS[stateOf(key, now)][0], style: (key) => LOOKS[stateOf(key, now)][1] },
  { title: 'APPLICATION', value: ({ application }) => application, flexible: true },
  { title: 'SCOPES', value: ({ scopes }) => scopes.join(', '), flexible: true },
  { title: 'LAST USED', value: ({ lastUsedAt }) => relative(lastUsedAt, now) || 'never', align: 'right' },
  { title: 'EXPIRES', value: ({ expiresAt }) => relative(expiresAt, now), align: 'right' },
  { title: 'CREATED', value: ({ createdAt }) => relative(createdAt, now), align: 'right' },
];
