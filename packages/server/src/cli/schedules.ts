import type { PipelineCreated, Schedule, ScheduleFiring } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { addServerFlags, onServer, type ServerFlags } from './connection.js';
import { CliError, EXIT } from './failure.js';
import type { Output } from './output.js';
import { addPageFlags, type PageFlags, printJson, printPage, readPages } from './paging.js';
import { styled } from './style.js';
import { type Column, facts, table } from './table.js';
import { plain } from './text.js';
import { duration, exactly, relative } from './time-words.js';

/** `pipelogiq schedules …` */
export function schedulesCommands(program: Command, output: Output): void {
  const group = program.command('schedules').description('pipelines that the clock creates');
  listCommand(group, output);
  showCommand(group, output);
  const changed = (schedule: Schedule) => stateLine(output, schedule);
  actCommand(group, output, 'pause', 'fire no more until it is resumed', (client, id) => client.schedules.pause(id), changed);
  actCommand(group, output, 'resume', 'fire again, from now on', (client, id) => client.schedules.resume(id), changed);
  actCommand(
    group,
    output,
    'trigger',
    'create a pipeline from it now, paused or not',
    (client, id) => client.schedules.trigger(id),
    (made: PipelineCreated) => `Pipeline ${made.id} created.`,
  );
}

const stateLine = (output: Output, { name, id, status, nextFireAt }: Schedule): string => {
  const next = nextFireAt === undefined ? '' : `  next ${exactly(nextFireAt, systemClock().now())}`;
  return `${plain(name)} ${id}  ${styled(output, status === 'paused' ? 'yellow' : 'green', stateWord(status))}${next}`;
};

const stateWord = (status: Schedule['status']) => (status === 'paused' ? '‖ paused' : '● active');

function listCommand(group: Command, output: Output): void {
  const command = addPageFlags(group.command('list').description('schedules, newest first'));
  addServerFlags(command).action(async (flags: ServerFlags & PageFlags) => {
    const page = await onServer(flags, (client) => readPages(flags, (page) => client.schedules.list(page).page()));
    printPage(output, page, { json: flags.json, none: 'There is no schedule.', columns: columns(systemClock().now()) });
  });
}

const columns = (now: number): Column<Schedule>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  {
    title: 'STATUS',
    value: ({ status }) => stateWord(status),
    style: ({ status }) => (status === 'paused' ? 'yellow' : 'green'),
  },
  { title: 'CRON', value: ({ cron }) => cron },
  { title: 'ZONE', value: ({ timeZone }) => timeZone, flexible: true },
  { title: 'NEXT', value: ({ nextFireAt }) => relative(nextFireAt, now), align: 'right' },
  { title: 'LAST', value: ({ lastFireAt }) => relative(lastFireAt, now), align: 'right' },
  { title: 'MISSED', value: ({ missed }) => (missed > 0 ? String(missed) : ''), align: 'right' },
  { title: 'LAST ERROR', value: ({ lastError = '' }) => lastError, style: () => 'red', flexible: true },
];

const FIRINGS = 10;

function showCommand(group: Command, output: Output): void {
  const command = group
    .command('show')
    .description('one schedule, with its latest firings')
    .argument('<schedule>', 'its name or id');
  addServerFlags(command).action(async (nameOrId: string, flags: ServerFlags) => {
    const { schedule, firings } = await onServer(flags, async (client) => {
      const schedule = await find(client, nameOrId);
      const { items } = await client.schedules.firings(schedule.id).page();
      return { schedule, firings: items.slice(0, FIRINGS) };
    });
    if (flags.json) printJson(output, { schedule, firings });
    else print(output, schedule, firings);
  });
}

function print(output: Output, schedule: Schedule, firings: readonly ScheduleFiring[]): void {
  const now = systemClock().now();
  output.line(stateLine(output, schedule));
  const { template } = schedule;
  const lines = facts(output, [
    ['Cron', `${schedule.cron} (${schedule.timeZone})`],
    ['Missed runs', `${schedule.missedRuns}, late by ${duration(schedule.graceMs)} at most`],
    ['Application', schedule.application],
    ['Pipeline', `${template.name}: ${template.stages.map(({ name }) => name).join(', ')}`],
    ['Last', exactly(schedule.lastFireAt, now)],
    ['Missed', String(schedule.missed)],
    ['Last error', schedule.lastError],
    ['Created', exactly(schedule.createdAt, now)],
  ]);
  for (const line of lines) output.line(line);
  if (firings.length === 0) return;
  output.line('');
  const rows = table(output, firings, [
    { title: 'PIPELINE', value: ({ pipelineId }) => pipelineId },
    { title: 'FIRED', value: ({ fireAt }) => exactly(fireAt, now) },
  ]);
  for (const line of rows) output.line(line);
}

function actCommand<Answer extends object>(
  group: Command,
  output: Output,
  verb: string,
  description: string,
  act: (client: Pipelogiq, id: string) => Promise<Answer>,
  words: (answer: Answer) => string,
): void {
  const command = group.command(verb).description(description).argument('<schedule>', 'its name or id');
  addServerFlags(command).action(async (nameOrId: string, flags: ServerFlags) => {
    const answer = await onServer(flags, async (client) => act(client, (await find(client, nameOrId)).id));
    if (flags.json) printJson(output, answer);
    else output.line(words(answer));
  });
}

/** By its name, which is unique in the application, else by its id. */
async function find(client: Pipelogiq, nameOrId: string): Promise<Schedule> {
  const [named] = (await client.schedules.list({ name: nameOrId, limit: 1 }).page()).items;
  if (named) return named;
  if (/^\d+$/.test(nameOrId)) return client.schedules.get(nameOrId);
  throw new CliError(`there is no schedule ${plain(nameOrId)}`, { exitCode: EXIT.notFound });
}
