import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Argument, Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { programOf } from '../../src/cli/program.js';
import { Paper } from './in-process.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/reference/cli.md'), 'utf8');
const sections = new Map(page.split(/^## /m).map((section) => [section.split('\n')[0] ?? '', section]));

/** Their flags are the options of the server, which have a page of their own. */
const SERVERS = ['serve', 'dev'];
/** Said once, for all commands that ask a server. */
const COMMON = ['--url', '--api-key', '--database', '--json'];

const leaves = (command: Command): Command[] => (command.commands.length > 0 ? command.commands.flatMap(leaves) : [command]);
const commands = programOf(new Paper(), () => {}).commands.flatMap(leaves);

const nameOf = (command: Command): string => (command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name());
const argumentOf = (argument: Argument) => {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${text}>` : `[${text}]`;
};
const titleOf = (command: Command) => `\`${[nameOf(command), ...command.registeredArguments.map(argumentOf)].join(' ')}\``;

const asksServer = (command: Command) => command.options.some(({ long }) => long === '--url');
const withoutTicks = (text: string) => text.replaceAll('`', '');

function rowsOf(command: Command): string[] {
  if (SERVERS.includes(command.name())) return [];
  const own = asksServer(command) ? command.options.filter(({ long }) => !COMMON.includes(long ?? '')) : command.options;
  return own.map(({ flags, description, mandatory, defaultValue, argChoices }) => {
    const extra = [
      description,
      argChoices?.join(', '),
      mandatory && 'required',
      defaultValue !== undefined && `default ${defaultValue}`,
    ];
    return `| ${flags} | ${asksServer(command) ? extra.filter(Boolean).join('; ') : ''} |`;
  });
}

/** Rows of a section's table. What a flag of other commands means is said in other words there. */
const writtenRows = (section: string, command: Command) =>
  [...section.matchAll(/^\| `--.*$/gm)].map(([row]) =>
    withoutTicks(asksServer(command) ? row : row.replace(/^(\| `.*?` \|).*$/, '$1  |')),
  );

describe('docs/reference/cli.md', () => {
  it.each(commands.map((command) => [nameOf(command), command] as const))('has %s as it is', (_, command) => {
    const section = sections.get(titleOf(command));
    expect(section, titleOf(command)).toBeDefined();
    expect(writtenRows(section ?? '', command)).toEqual(rowsOf(command));
  });

  it('has no command that is not there', () => {
    const titles = [...sections.keys()].filter((title) => title.startsWith('`pipelogiq'));
    expect(titles.sort()).toEqual(commands.map(titleOf).sort());
  });

  it('has what all commands that ask a server take', () => {
    const asking = commands.filter(asksServer);
    expect(asking.length).toBeGreaterThan(1);
    for (const command of asking) {
      const common = command.options.filter(({ long }) => COMMON.includes(long ?? ''));
      for (const { flags, description } of common)
        expect(sections.get('Which server')).toContain(`| \`${flags}\` | ${description} |`);
    }
  });
});
