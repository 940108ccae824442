import { setTimeout as pause } from 'node:timers/promises';
import type { BulkAction, CreateBulkAction } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { CliError, EXIT, type ExitCode } from '../failure.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { addFilterFlags, type FilterFlags, filterOf } from './filter.js';

/** Of commands that act on one pipeline by its id, or on all that match. */
export interface ManyFlags extends FilterFlags {
  dryRun?: boolean;
  yes?: boolean;
  wait: boolean;
  json?: boolean;
}

export const addManyFlags = (command: Command): Command =>
  addFilterFlags(command)
    .option('--dry-run', 'of all that match: only count them')
    .option('--yes', 'of all that match: do it')
    .option('--no-wait', 'of all that match: do not wait until it is done');

/** How often a running action is looked at. */
const FIRST_MS = 100;
const LONGEST_MS = 1_000;

/**
 * Whether pipelines are meant by a filter: without an id. Two ways at once, or a filter that nobody confirmed, are refused before
 * anything is asked.
 *
 * @throws CliError
 */
export function isForMany(id: string | undefined, flags: ManyFlags): boolean {
  const filter = filterOf(flags, systemClock().now());
  const isFiltered = Object.keys(filter).length > 0;
  const mistake = (message: string) => new CliError(message, { exitCode: EXIT.usage });
  if (id !== undefined && (isFiltered || flags.dryRun || flags.yes))
    throw mistake('give the id of one pipeline, or a filter with --dry-run or --yes; not both');
  if (id !== undefined) return false;
  if (!isFiltered) throw mistake('give the id of a pipeline, or a filter as --status failed --name order');
  if (!flags.dryRun && !flags.yes)
    throw mistake('this is for all pipelines that match: count them with --dry-run, then do it with --yes');
  return true;
}

/** Does it to all that match, and tells how many there were. */
export async function actOnMany(
  client: Pipelogiq,
  output: Output,
  flags: ManyFlags,
  request: Omit<CreateBulkAction, 'filter' | 'dryRun'>,
): Promise<ExitCode> {
  const filter = filterOf(flags, systemClock().now());
  let action = await client.pipelines.act({ ...request, filter, ...(flags.dryRun && { dryRun: true }) });
  for (let delay = FIRST_MS; flags.wait && action.status === 'running' && action.id; delay = Math.min(LONGEST_MS, delay * 2)) {
    await pause(delay);
    action = await client.pipelines.action(action.id);
  }
  if (flags.json) printJson(output, action);
  else output.line(sentence(action));
  return action.status === 'failed' || action.failed > 0 ? EXIT.failed : EXIT.done;
}

function sentence(action: BulkAction): string {
  const { id, unit, matched, possible = matched, done, refused, failed, status, lastError } = action;
  const verb = action.action.replaceAll('_', ' ');
  if (status === 'dry_run') return `${verb}: ${matched} ${unit} match, ${possible} of them can be changed. Nothing was changed.`;
  if (status === 'running') return `${verb}: action ${id} goes on; ${done} of ${matched} ${unit} are done.`;
  const rest = [refused > 0 && `${refused} left as they are`, failed > 0 && `${failed} failed (${lastError ?? 'see the log'})`];
  const early = status === 'failed' ? ' It ended early.' : '';
  return `${verb}: ${[`${done} of ${matched} ${unit} done`, ...rest.filter(Boolean)].join(', ')}.${early}`;
}
