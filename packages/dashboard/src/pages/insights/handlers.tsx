import type { HandlerInsight, Insights } from '@pipelogiq/protocol';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { formatCount, formatDuration, formatRatio } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { Sparkline } from '../../ui/sparkline.js';
import { EmptyState } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';
import type { useParts } from './queries.js';
import { type InsightsSearch, type Sort, useInsightsSearch } from './search.js';

interface Row extends HandlerInsight {
  attempts: number;
  /** p95 of each part of the range that had runs. */
  course: number[];
}

type Parts = ReturnType<typeof useParts>;

/** Attempts that were completed, and those that were not. */
const attemptsOf = ({ completed, failedAttempts }: HandlerInsight) => completed + failedAttempts;

function coursesOf(parts: Parts): Map<string, number[]> {
  const courses = new Map<string, number[]>();
  for (const { figures } of parts)
    for (const { handler, runTime } of figures?.handlers ?? []) {
      if (!runTime) continue;
      const course = courses.get(handler) ?? [];
      course.push(runTime.p95);
      courses.set(handler, course);
    }
  return courses;
}

const BY: Record<Sort, (row: Row) => number | string> = {
  handler: ({ handler }) => handler,
  attempts: ({ attempts }) => attempts,
  p50: ({ runTime }) => runTime?.p50 ?? 0,
  p95: ({ runTime }) => runTime?.p95 ?? 0,
  p99: ({ runTime }) => runTime?.p99 ?? 0,
  wait: ({ queueWait }) => queueWait?.p95 ?? 0,
  failed: ({ failureRate }) => failureRate ?? 0,
};

const firstOrder = (sort: Sort) => (sort === 'handler' ? 'up' : 'down');

function sorted(rows: readonly Row[], sort: Sort, order: 'up' | 'down'): Row[] {
  const by = BY[sort];
  const direction = order === 'up' ? 1 : -1;
  return [...rows].sort((one, other) => {
    const [a, b] = [by(one), by(other)];
    return direction * (typeof a === 'string' ? a.localeCompare(String(b)) : a - Number(b));
  });
}

interface Sorting {
  sort: Sort;
  order: 'up' | 'down';
  change(search: Pick<InsightsSearch, 'sort' | 'order'>): void;
}

function head({ sort, order, change }: Sorting, id: Sort, label: string) {
  const isSorted = sort === id;
  const next = isSorted ? (order === 'up' ? 'down' : 'up') : firstOrder(id);
  const Arrow = order === 'up' ? ArrowUp : ArrowDown;
  return {
    id,
    ...(isSorted && { sort: order === 'up' ? ('ascending' as const) : ('descending' as const) }),
    head: (
      <button
        type="button"
        onClick={() => change({ sort: id, order: next })}
        className="inline-flex items-center gap-1 rounded-sm hover:text-ink"
      >
        {label}
        {isSorted && <Arrow aria-hidden size={12} />}
      </button>
    ),
  };
}

const columnsOf = (sorting: Sorting, onChoose: (handler: string) => void): Column<Row>[] => [
  {
    ...head(sorting, 'handler', 'Handler'),
    cell: ({ handler }) => (
      <button
        type="button"
        title={`Narrow to ${handler}`}
        onClick={() => onChoose(handler)}
        className="max-w-full truncate rounded-sm font-medium hover:text-accent hover:underline"
      >
        {handler}
      </button>
    ),
  },
  {
    ...head(sorting, 'attempts', 'Attempts'),
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: (row) => formatCount(row.attempts),
  },
  { ...head(sorting, 'p50', 'p50'), align: 'right', width: 'w-20', from: 'md', cell: (row) => formatDuration(row.runTime?.p50) },
  { ...head(sorting, 'p95', 'p95'), align: 'right', width: 'w-20', cell: (row) => formatDuration(row.runTime?.p95) },
  { ...head(sorting, 'p99', 'p99'), align: 'right', width: 'w-20', from: 'md', cell: (row) => formatDuration(row.runTime?.p99) },
  {
    id: 'course',
    head: 'p95 over time',
    align: 'right',
    width: 'w-28',
    from: 'lg',
    cell: ({ handler, course }) => (
      <span className="flex justify-end">
        <Sparkline
          values={course}
          label={`p95 of ${handler} over time: from ${formatDuration(course[0])} to ${formatDuration(course.at(-1))}`}
          className="text-run"
        />
      </span>
    ),
  },
  {
    ...head(sorting, 'wait', 'Wait p95'),
    align: 'right',
    width: 'w-24',
    from: 'lg',
    cell: (row) => formatDuration(row.queueWait?.p95),
  },
  {
    ...head(sorting, 'failed', 'Failed'),
    align: 'right',
    width: 'w-20',
    cell: ({ failureRate }) => (
      <span className={(failureRate ?? 0) > 0 ? 'text-bad' : 'text-ink-3'}>{formatRatio(failureRate)}</span>
    ),
  },
];

export function Handlers({ insights, parts }: { insights: Insights | undefined; parts: Parts }) {
  const [{ sort = 'attempts', order = firstOrder(sort) }, change] = useInsightsSearch();
  const courses = coursesOf(parts);
  const rows = insights?.handlers.map((row) => ({
    ...row,
    attempts: attemptsOf(row),
    course: courses.get(row.handler) ?? [],
  }));
  return (
    <Card title="Handlers" actions="run time of attempts, in all pipelines they serve" flush>
      <Table
        label="Handlers"
        columns={columnsOf({ sort, order, change }, (handler) => change({ handler, errors: undefined }))}
        rows={rows && sorted(rows, sort, order)}
        keyOf={({ handler }) => handler}
        height="max-h-[28rem]"
        empty={<EmptyState title="No handler ran in this time">Choose a longer range, or clear the filters.</EmptyState>}
      />
    </Card>
  );
}
