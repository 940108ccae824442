import type { HandlerInsight, InsightPoint, InsightQuery, Insights, PipelineInsight } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { timeSpan, wholeNumber } from './arguments.js';
import { addServerFlags, onServer, type ServerFlags } from './connection.js';
import type { Output } from './output.js';
import { printJson } from './paging.js';
import { styled } from './style.js';
import { type Column, facts, table } from './table.js';
import { duration, momentOf } from './time-words.js';

type Flags = ServerFlags & InsightQuery;

/** `pipelogiq insights` */
export function insightsCommand(program: Command, output: Output): void {
  const command = program
    .command('insights')
    .description('run times, failures and throughput, of the last 24 hours by default')
    .option('--range <time>', 'the time up to now, as 15m, 24h, 7d', timeSpan)
    .option('--from <time>', 'instead of --range: from this time on, or so long ago')
    .option('--to <time>', 'up to this time; default now')
    .option('--application <text>', 'nothing unless the key is of this application; keys see no other')
    .option('--pipeline <text>', 'of pipelines of this name')
    .option('--handler <text>', 'of this handler')
    .option('--limit <number>', 'rows of each table', wholeNumber(1, 200), 20);
  addServerFlags(command).action(async (flags: Flags) => {
    const insights = await onServer(flags, (client) => client.insights.get(queryOf(flags)));
    if (flags.json) printJson(output, insights);
    else print(output, insights);
  });
}

function queryOf({ range, from, to, application, pipeline, handler, limit }: Flags): InsightQuery {
  const now = systemClock().now();
  return {
    ...(range !== undefined && { range }),
    ...(from !== undefined && { from: momentOf(from, '--from', now) }),
    ...(to !== undefined && { to: momentOf(to, '--to', now) }),
    ...(application !== undefined && { application }),
    ...(pipeline !== undefined && { pipeline }),
    ...(handler !== undefined && { handler }),
    ...(limit !== undefined && { limit }),
  };
}

const share = (ratio: number | null): string => (ratio === null ? '' : `${(ratio * 100).toFixed(1)} %`);
const time = (ms: number | undefined): string => (ms === undefined ? '' : duration(ms));

function print(output: Output, insights: Insights): void {
  const { summary, from, to, points } = insights;
  const { duration: took, queueWait } = summary;
  const room = Math.max(10, (output.columns ?? 80) - 20);
  const lines = facts(output, [
    ['Time', `${from.slice(0, 16).replace('T', ' ')} to ${to.slice(0, 16).replace('T', ' ')} UTC`],
    ['Pipelines', `${summary.completed} completed, ${summary.failed} failed, ${summary.cancelled} cancelled`],
    ['Success', share(summary.successRate)],
    ['Stages', `${summary.completedStages} completed, ${summary.failedStages} failed, ${summary.retries} retries`],
    ['Failed attempts', share(summary.failureRate)],
    ['Throughput', `${summary.throughput.toFixed(2)} stages a second`],
    ['Duration', took ? `p50 ${time(took.p50)}, p95 ${time(took.p95)}, p99 ${time(took.p99)}` : ''],
    ['Queue wait', queueWait ? `p50 ${time(queueWait.p50)}, p95 ${time(queueWait.p95)}, p99 ${time(queueWait.p99)}` : ''],
    ['Workers in use', share(summary.utilisation)],
    ['Completed', sparkline(insights, ({ completedStages }) => completedStages, room)],
    [
      'Failed',
      points.some(({ failedStages }) => failedStages > 0) ? sparkline(insights, ({ failedStages }) => failedStages, room) : '',
    ],
  ]);
  for (const line of lines) output.line(line);
  section(output, 'Handlers', insights.handlers, handlerColumns);
  section(output, 'Pipelines', insights.slowestPipelines, pipelineColumns);
}

function section<Row>(output: Output, title: string, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  if (rows.length === 0) return;
  output.line('');
  output.line(styled(output, 'bold', title));
  for (const line of table(output, rows, columns)) output.line(line);
}

const failing = (rate: number | null) => (rate !== null && rate > 0.05 ? 'red' : undefined);

const handlerColumns: Column<HandlerInsight>[] = [
  { title: 'HANDLER', value: ({ handler }) => handler, flexible: true },
  { title: 'DONE', value: ({ completed }) => String(completed), align: 'right' },
  { title: 'P50', value: ({ runTime }) => time(runTime?.p50), align: 'right' },
  { title: 'P95', value: ({ runTime }) => time(runTime?.p95), align: 'right' },
  { title: 'P99', value: ({ runTime }) => time(runTime?.p99), align: 'right' },
  { title: 'WAIT P99', value: ({ queueWait }) => time(queueWait?.p99), align: 'right' },
  {
    title: 'FAILED',
    value: ({ failureRate }) => share(failureRate),
    style: ({ failureRate }) => failing(failureRate),
    align: 'right',
  },
  { title: 'RETRIES', value: ({ retries }) => String(retries), align: 'right' },
  { title: 'FLAKY', value: ({ flakyRate }) => share(flakyRate), align: 'right' },
];

const pipelineColumns: Column<PipelineInsight>[] = [
  { title: 'PIPELINE', value: ({ pipeline }) => pipeline, flexible: true },
  { title: 'DONE', value: ({ completed }) => String(completed), align: 'right' },
  { title: 'FAILED', value: ({ failed }) => String(failed), align: 'right' },
  { title: 'SUCCESS', value: ({ successRate }) => share(successRate), align: 'right' },
  { title: 'P50', value: ({ duration }) => time(duration?.p50), align: 'right' },
  { title: 'P95', value: ({ duration }) => time(duration?.p95), align: 'right' },
  { title: 'P99', value: ({ duration }) => time(duration?.p99), align: 'right' },
];

const BARS = '▁▂▃▄▅▆▇█';

/** One character for each stretch of time, at most `room` of them, by how much of the most there was in one; a space where nothing happened. */
export function sparkline(
  { from, to, resolutionMs, points }: Pick<Insights, 'from' | 'to' | 'resolutionMs' | 'points'>,
  amountOf: (point: InsightPoint) => number,
  room: number,
): string {
  const begin = Date.parse(from);
  const length = Date.parse(to) - begin;
  if (!(length > 0) || points.length === 0) return '';
  const width = Math.min(room, Math.ceil(length / resolutionMs));
  const sums = new Array<number>(width).fill(0);
  for (const point of points) {
    const at = Math.min(width - 1, Math.max(0, Math.floor(((Date.parse(point.at) - begin) / length) * width)));
    sums[at] = (sums[at] ?? 0) + amountOf(point);
  }
  const most = Math.max(...sums);
  return sums.map((sum) => (sum === 0 ? ' ' : BARS[Math.ceil((sum / most) * BARS.length) - 1])).join('');
}
