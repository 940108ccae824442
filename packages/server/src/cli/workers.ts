import type { Worker } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import { type Command, Option } from 'commander';
import { systemClock } from '../clock.js';
import { severalOf } from './arguments.js';
import { addServerFlags, onServer, type ServerFlags } from './connection.js';
import { CliError, EXIT } from './failure.js';
import type { Output } from './output.js';
import { printJson, printPage } from './paging.js';
import { statusStyle, statusWord, styled } from './style.js';
import type { Column } from './table.js';
import { plain } from './text.js';
import { relative } from './time-words.js';

const STATES = ['starting', 'running', 'draining', 'stopped', 'offline'] as const;

interface ListFlags extends ServerFlags {
  state?: (typeof STATES)[number][];
  handler?: string;
  pool?: string;
  all?: boolean;
}

/** `pipelogiq workers …` */
export function workersCommands(program: Command, output: Output): void {
  const group = program.command('workers').description('who runs the stages');
  const list = group
    .command('list')
    .description('workers, without those that are stopped or offline')
    .addOption(
      new Option('--state <word>', 'of this state; may be given several times').choices(STATES).argParser(severalOf(STATES)),
    )
    .option('--handler <text>', 'that have this handler')
    .option('--pool <text>', 'of this pool')
    .option('--all', 'also those that are stopped or offline');
  addServerFlags(list).action(async (flags: ListFlags) => {
    const items = await onServer(flags, (client) => workersOf(client, flags));
    const options = { json: flags.json, none: 'No worker matches.', columns: columns(systemClock().now()) };
    printPage(output, { items, nextCursor: null }, options);
  });
  drainCommand(group, output);
}

async function workersOf(client: Pipelogiq, { state, handler, pool, all }: ListFlags): Promise<Worker[]> {
  const states: readonly string[] = state ?? (all ? STATES : ['starting', 'running', 'draining']);
  return (await client.workers.list().all()).filter(
    (worker) =>
      states.includes(worker.state) &&
      (handler === undefined || worker.handlers.includes(handler)) &&
      (pool === undefined || worker.pool === pool),
  );
}

const columns = (now: number): Column<Worker>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  { title: 'STATE', value: ({ state }) => statusWord(state), style: ({ state }) => statusStyle(state) },
  { title: 'POOL', value: ({ pool }) => pool, flexible: true },
  {
    title: 'JOBS',
    value: ({ inFlight, concurrency }) => (concurrency ? `${inFlight}/${concurrency}` : `${inFlight}`),
    align: 'right',
  },
  { title: 'DONE', value: ({ processed }) => String(processed), align: 'right' },
  { title: 'FAILED', value: ({ failed }) => String(failed), align: 'right' },
  { title: 'CPU', value: ({ cpuPercent }) => (cpuPercent === undefined ? '' : `${Math.round(cpuPercent)} %`), align: 'right' },
  { title: 'MEMORY', value: ({ memoryMb }) => (memoryMb === undefined ? '' : `${Math.round(memoryMb)} MB`), align: 'right' },
  { title: 'SEEN', value: ({ lastSeenAt }) => relative(lastSeenAt, now), align: 'right' },
  { title: 'VERSION', value: ({ version = '' }) => version, flexible: true },
  { title: 'HANDLERS', value: ({ handlers }) => handlers.join(', '), flexible: true },
  { title: 'LAST ERROR', value: ({ lastError = '' }) => lastError, style: () => 'red', flexible: true },
];

function drainCommand(group: Command, output: Output): void {
  const command = group
    .command('drain')
    .description('tell a worker to take no more jobs and finish those it has')
    .argument('<worker>', 'its id, or its name when no other live one has it');
  addServerFlags(command).action(async (idOrName: string, flags: ServerFlags) => {
    const worker = await onServer(flags, async (client) => client.workers.drain(await idOf(client, idOrName)));
    if (flags.json) return printJson(output, worker);
    const state = styled(output, statusStyle(worker.state), statusWord(worker.state));
    output.line(`${plain(worker.name)} ${worker.id}  ${state}  told to drain; it hears of it with its next heartbeat`);
  });
}

/** Ids are decimal; a worker may be named so too, and then the id counts. */
async function idOf(client: Pipelogiq, idOrName: string): Promise<string> {
  if (/^\d+$/.test(idOrName)) return idOrName;
  const named = (await workersOf(client, {})).filter(({ name }) => name === idOrName);
  const [worker] = named;
  if (!worker) throw new CliError(`no live worker is named ${plain(idOrName)}`, { exitCode: EXIT.notFound });
  if (named.length === 1) return worker.id;
  const ids = named.map(({ id }) => id).join(', ');
  throw new CliError(`${named.length} workers are named ${plain(idOrName)}; give one of their ids: ${ids}`, {
    exitCode: EXIT.usage,
  });
}
