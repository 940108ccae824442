import { PIPELINE_STATUSES, type PipelineStatus } from '@pipelogiq/protocol';
import { type Command, Option } from 'commander';
import { momentOf } from '../time-words.js';

/** Which pipelines: the fields that lists and actions on many have in common. */
export interface FilterFlags {
  status?: PipelineStatus;
  name?: string;
  keyword?: string;
  version?: string;
  search?: string;
  traceId?: string;
  from?: string;
  to?: string;
}

export const addFilterFlags = (command: Command): Command =>
  command
    .addOption(new Option('--status <word>', 'of this status').choices(PIPELINE_STATUSES))
    .option('--name <text>', 'of this name')
    .option('--keyword <text>', 'with this keyword')
    .option('--version <text>', 'of this version')
    .option('--search <text>', 'whose name or a keyword begins with this')
    .option('--trace-id <hex>', 'of this trace')
    .option('--from <time>', 'created at or after this time, or so long ago: 90m, 24h, 7d')
    .option('--to <time>', 'created before');

/** As the API takes it. @throws CliError for a time that is none */
export function filterOf(flags: FilterFlags, now: number): FilterFlags {
  const { status, name, keyword, version, search, traceId, from, to } = flags;
  const moments = {
    ...(from !== undefined && { from: momentOf(from, '--from', now) }),
    ...(to !== undefined && { to: momentOf(to, '--to', now) }),
  };
  const given = Object.entries({ status, name, keyword, version, search, traceId }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...moments };
}
