import type { AlertRuleSpec } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { recommendedRules } from '../../domain/alert/recommended.js';
import { several } from '../arguments.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import { CliError, EXIT } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { type Column, table } from '../table.js';
import { duration } from '../time-words.js';
import { channelsOf } from './channels.js';

interface RecommendFlags extends ServerFlags {
  channel?: string[];
  yes?: boolean;
}

/** `pipelogiq alerts recommend` */
export function recommendCommand(group: Command, output: Output): void {
  const command = group
    .command('recommend')
    .description('show the recommended rules, and make those that are not there')
    .option('--channel <text>', 'a channel that they tell, by its name or id; may be given several times', several)
    .option('--yes', 'make them');
  addServerFlags(command).action(async (flags: RecommendFlags) => {
    if (flags.yes && flags.channel === undefined)
      throw new CliError('--yes needs --channel: rules without a channel tell nobody', { exitCode: EXIT.usage });
    const rows = await onServer(flags, (client) => recommend(client, flags));
    if (flags.json) return printJson(output, { rules: rows });
    for (const line of table(output, rows, columns)) output.line(line);
    output.line('');
    output.line(summary(rows, flags));
  });
}

interface Recommended {
  rule: AlertRuleSpec;
  /** `made` now, `there` before, `missing` as long as nobody says --yes. */
  state: 'made' | 'there' | 'missing';
}

/** The rules themselves are the server's: it makes those whose names are free, in one transaction. */
async function recommend(client: Pipelogiq, { channel = [], yes }: RecommendFlags): Promise<Recommended[]> {
  const channels = (await channelsOf(client, channel)).map(({ id }) => id);
  const names = new Set((await client.alerts.rules().all()).map(({ name }) => name));
  const made = yes ? await client.alerts.recommend(channels) : [];
  return recommendedRules(channels).map((spec) => {
    const rule = made.find(({ name }) => name === spec.name);
    return rule ? { rule, state: 'made' } : { rule: spec, state: names.has(spec.name) ? 'there' : 'missing' };
  });
}

function summary(rows: readonly Recommended[], { yes }: RecommendFlags): string {
  const count = (state: Recommended['state']) => rows.filter((row) => row.state === state).length;
  if (yes) return `${count('made')} rules were made, ${count('there')} were there.`;
  if (count('missing') === 0) return 'All of them are there.';
  return `${count('missing')} of ${rows.length} are missing. Make them with: pipelogiq alerts recommend --channel <name> --yes`;
}

const WORDS = { made: '✓ made', there: '✓ there', missing: '○ missing' } as const;

const columns: Column<Recommended>[] = [
  { title: 'RULE', value: ({ rule }) => rule.name, flexible: true },
  { title: 'STATE', value: ({ state }) => WORDS[state], style: ({ state }) => (state === 'missing' ? 'yellow' : 'green') },
  { title: 'EVENTS', value: ({ rule }) => rule.events.join(', '), flexible: true },
  { title: 'WHEN', value: ({ rule }) => when(rule), flexible: true },
  { title: 'GROUPED BY', value: ({ rule }) => (rule.groupBy ?? []).join(', '), flexible: true },
];

function when({ condition = {} }: AlertRuleSpec): string {
  const { metric, direction = 'above', threshold, forMs = 0, windowMs } = condition;
  if (threshold === undefined) return '';
  const held = forMs > 0 ? ` for ${duration(forMs)}` : '';
  const over = windowMs === undefined ? '' : ` within ${duration(windowMs)}`;
  return `${metric === undefined ? '' : `${metric} `}${direction} ${threshold}${held}${over}`;
}
