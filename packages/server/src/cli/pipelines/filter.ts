import { type BulkFilter, PIPELINE_STATUSES } from '@pipelogiq/protocol';
import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../failure.js';
import { momentOf } from '../time-words.js';

/** Which pipelines: the fields that lists and actions on many have in common. */
export type FilterFlags = BulkFilter;

export const addFilterFlags = (command: Command): Command =>
  command
    .addOption(new Option('--status <word>', 'of this status').choices(PIPELINE_STATUSES))
    .option('--name <text>', 'of this name')
    .option('--keyword <text>', 'with this keyword')
    .option('--version <text>', 'of this version')
    .option('--search <text>', 'whose name or a keyword begins with this')
    .addOption(
      new Option('--context <key=value>', 'whose context has this value; may be given several times').argParser(withContextValue),
    )
    .option('--trace-id <hex>', 'of this trace')
    .option('--from <time>', 'created at or after this time, or so long ago: 90m, 24h, 7d')
    .option('--to <time>', 'created before');

/** As the API takes it. @throws CliError for a time that is none */
export function filterOf(flags: FilterFlags, now: number): FilterFlags {
  const { status, name, keyword, version, search, context, traceId, from, to } = flags;
  const moments = {
    ...(from !== undefined && { from: momentOf(from, '--from', now) }),
    ...(to !== undefined && { to: momentOf(to, '--to', now) }),
  };
  const given = Object.entries({ status, name, keyword, version, search, context, traceId }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...Object.fromEntries(given), ...moments };
}

/** The values so far and the one of `text`. @throws CliError */
function withContextValue(text: string, values: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const mistake = (message: string) => new CliError(`--context "${text}": ${message}`, { exitCode: EXIT.usage });
  if (key === undefined || value === undefined) throw mistake('give key=value, as orderId=42');
  if (Object.hasOwn(values, key)) throw mistake(`"${key}" is given twice`);
  return { ...values, [key]: value };
}
