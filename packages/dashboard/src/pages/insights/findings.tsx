import type { Insights, PipelineInsight, Regression, StageInsight } from '@pipelogiq/protocol';
import type { Key, ReactNode } from 'react';
import { formatCount, formatDuration, formatRatio, formatTimes } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';

const SHOWN = 10;

interface StageName {
  pipeline: string;
  stage: string;
  handler: string;
}

const stageColumn = <Row extends StageName>(): Column<Row> => ({
  id: 'stage',
  head: 'Stage',
  cell: ({ pipeline, stage }) => (
    <span title={`${pipeline} › ${stage}`}>
      <span className="text-ink-3">{pipeline} ›</span> <span className="font-medium">{stage}</span>
    </span>
  ),
});
const stageKey = ({ pipeline, stage, handler }: StageName) => [pipeline, stage, handler].join('\n');

const REGRESSIONS: Column<Regression>[] = [
  stageColumn(),
  { id: 'before', head: 'p95 before', align: 'right', width: 'w-24', from: 'md', cell: (row) => formatDuration(row.p95Before) },
  { id: 'now', head: 'p95 now', align: 'right', width: 'w-24', cell: (row) => formatDuration(row.p95) },
  {
    id: 'ratio',
    head: 'Slower',
    align: 'right',
    width: 'w-20',
    cell: ({ ratio }) => <span className="text-bad">{formatTimes(ratio)}</span>,
  },
];

const FLAKY: Column<StageInsight>[] = [
  stageColumn(),
  { id: 'completed', head: 'Completed', align: 'right', width: 'w-24', from: 'md', cell: (row) => formatCount(row.completed) },
  { id: 'retries', head: 'Retries', align: 'right', width: 'w-20', cell: (row) => formatCount(row.retries) },
  {
    id: 'rate',
    head: 'Flaky',
    align: 'right',
    width: 'w-20',
    cell: ({ flakyRate }) => <span className="text-warn">{formatRatio(flakyRate)}</span>,
  },
];

const PIPELINES: Column<PipelineInsight>[] = [
  { id: 'pipeline', head: 'Pipeline', cell: ({ pipeline }) => <span className="font-medium">{pipeline}</span> },
  {
    id: 'runs',
    head: 'Ended',
    align: 'right',
    width: 'w-20',
    from: 'md',
    cell: ({ completed, failed, cancelled }) => formatCount(completed + failed + cancelled),
  },
  {
    id: 'success',
    head: 'Succeeded',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ successRate }) => formatRatio(successRate),
  },
  { id: 'p50', head: 'p50', align: 'right', width: 'w-20', cell: ({ duration }) => formatDuration(duration?.p50) },
  { id: 'p95', head: 'p95', align: 'right', width: 'w-20', cell: ({ duration }) => formatDuration(duration?.p95) },
];

interface FindingProps<Row> {
  title: string;
  note: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  keyOf(row: Row): Key;
  empty: ReactNode;
}

function Finding<Row>({ title, note, columns, rows, keyOf, empty }: FindingProps<Row>) {
  return (
    <Card title={title} actions={note} flush>
      <Table label={title} columns={columns} rows={rows?.slice(0, SHOWN)} keyOf={keyOf} empty={empty} />
    </Card>
  );
}

interface Props {
  insights: Insights | undefined;
}

export const Regressions = ({ insights }: Props) => (
  <Finding
    title="Became slower"
    note="against as long a time before"
    columns={REGRESSIONS}
    rows={insights?.regressions}
    keyOf={stageKey}
    empty={
      <EmptyState title="No stage became slower">
        A stage shows here when its p95 grew by a quarter or more, with 30 runs or more in both times.
      </EmptyState>
    }
  />
);

export const Flaky = ({ insights }: Props) => (
  <Finding
    title="Flaky stages"
    note="completed, but not at the first attempt"
    columns={FLAKY}
    rows={insights?.flaky}
    keyOf={stageKey}
    empty={<EmptyState title="No stage is flaky">Every stage that completed did so at its first attempt.</EmptyState>}
  />
);

export const SlowestPipelines = ({ insights }: Props) => (
  <Finding
    title="Slowest pipelines"
    note="from start to end"
    columns={PIPELINES}
    rows={insights?.slowestPipelines}
    keyOf={({ pipeline }) => pipeline}
    empty={<EmptyState title="No pipeline ended in this time">Choose a longer range, or clear the filters.</EmptyState>}
  />
);
