import type { PipelineSummary } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { addPageFlags, type PageFlags, printPage, readPages } from '../paging.js';
import { statusStyle, statusWord } from '../style.js';
import type { Column } from '../table.js';
import { between, relative } from '../time-words.js';
import { addFilterFlags, type FilterFlags, filterOf } from './filter.js';

type Flags = ServerFlags & PageFlags & FilterFlags & { application?: string };

/** `pipelogiq pipelines list` */
export function listCommand(group: Command, output: Output): void {
  const command = group.command('list').description('pipelines, newest first');
  addFilterFlags(command).option('--application <text>', 'nothing unless the key is of this application; keys see no other');
  addServerFlags(addPageFlags(command)).action(async (flags: Flags) => {
    const now = systemClock().now();
    const filter = { ...filterOf(flags, now), ...(flags.application !== undefined && { application: flags.application }) };
    const page = await onServer(flags, (client) =>
      readPages(flags, (page) => client.pipelines.list({ ...filter, ...page }).page()),
    );
    printPage(output, page, { json: flags.json, none: 'No pipeline matches.', columns: columns(now) });
  });
}

const columns = (now: number): Column<PipelineSummary>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, flexible: true },
  { title: 'STATUS', value: ({ status }) => statusWord(status), style: ({ status }) => statusStyle(status) },
  { title: 'STAGES', value: ({ stages }) => stagesDone(stages), align: 'right' },
  { title: 'CREATED', value: ({ createdAt }) => relative(createdAt, now), align: 'right' },
  { title: 'TOOK', value: ({ startedAt, finishedAt }) => between(startedAt, finishedAt, now), align: 'right' },
  { title: 'VERSION', value: ({ version = '' }) => version, flexible: true },
  { title: 'KEYWORDS', value: ({ keywords }) => keywords.join(', '), flexible: true },
];

/** Ended of all, and how many of them failed. */
export const stagesDone = ({ total, open, failed }: PipelineSummary['stages']): string =>
  `${total - open}/${total}${failed > 0 ? ` (${failed} failed)` : ''}`;
