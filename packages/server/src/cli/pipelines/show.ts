import type { Pipeline, Stage } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { printJson } from '../paging.js';
import { statusStyle, statusWord, styled } from '../style.js';
import { type Column, facts, table } from '../table.js';
import { plain } from '../text.js';
import { between, duration, exactly } from '../time-words.js';
import { stagesDone } from './list.js';

/** `pipelogiq pipelines show` */
export function showCommand(group: Command, output: Output): void {
  const command = group.command('show').description('one pipeline with its stages').argument('<id>', 'of the pipeline');
  addServerFlags(command).action(async (id: string, flags: ServerFlags) => {
    const shown = await onServer(flags, async (client) => {
      const [pipeline, stages] = await Promise.all([client.pipelines.get(id), client.pipelines.stages(id)]);
      return { pipeline, stages };
    });
    if (flags.json) return printJson(output, shown);
    printPipeline(output, shown.pipeline, shown.stages, systemClock().now());
  });
}

function printPipeline(output: Output, pipeline: Pipeline, stages: readonly Stage[], now: number): void {
  const { id, name, status } = pipeline;
  output.line(`${styled(output, 'bold', plain(name))}  ${styled(output, statusStyle(status), statusWord(status))}`);
  const { links = {} } = pipeline;
  const lines = facts(output, [
    ['Id', id],
    ['Application', pipeline.application],
    ['Run', pipeline.run > 1 ? String(pipeline.run) : undefined],
    ['Trigger', pipeline.trigger],
    ['Environment', pipeline.environment],
    ['Version', pipeline.version],
    ['Keywords', pipeline.keywords.join(', ')],
    ['Trace', pipeline.traceId],
    ['Created', exactly(pipeline.createdAt, now)],
    ['Runs at', pipeline.startedAt === undefined ? exactly(pipeline.runAt, now) : undefined],
    ['Started', exactly(pipeline.startedAt, now)],
    ['Finished', exactly(pipeline.finishedAt, now)],
    ['Took', between(pipeline.startedAt, pipeline.finishedAt, now)],
    ['SLA', pipeline.slaMs === undefined ? undefined : duration(pipeline.slaMs)],
    ['Cancelled', pipeline.cancelReason],
    ['Stages', stagesDone(pipeline.stages)],
    ['Traces', links.trace],
    ['Logs', links.logs],
  ]);
  for (const line of lines) output.line(line);
  output.line('');
  for (const line of table(output, stages, columns(now))) output.line(line);
}

const columns = (now: number): Column<Stage>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'STAGE', value: ({ name }) => name, flexible: true },
  {
    title: 'HANDLER',
    value: ({ handler, name, waitFor }) => (waitFor ? `(${waitFor})` : handler === name ? '' : handler),
    flexible: true,
  },
  { title: 'STATUS', value: ({ status }) => statusWord(status), style: ({ status }) => statusStyle(status) },
  { title: 'ATTEMPTS', value: ({ attempts, maxAttempts }) => `${attempts}/${maxAttempts}`, align: 'right' },
  { title: 'TOOK', value: ({ startedAt, finishedAt }) => between(startedAt, finishedAt, now), align: 'right' },
  {
    title: 'PROGRESS',
    value: ({ progress, status }) => (progress && status === 'running' ? percent(progress.ratio) : ''),
    align: 'right',
  },
  { title: 'ERROR', value: ({ error }) => (error ? `${error.code}: ${error.message}` : ''), style: () => 'red', flexible: true },
];

const percent = (ratio: number): string => `${Math.floor(ratio * 100)} %`;
