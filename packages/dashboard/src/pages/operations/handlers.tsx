import type { HandlerInsight, Insights, Overview } from '@pipelogiq/protocol';
import type { UseQueryResult } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { formatCount, formatDuration, formatRatio } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';
import { Duration } from '../../ui/time.js';

interface Row {
  handler: string;
  running: number;
  ready: number;
  oldestReadyAt?: string;
  insight?: HandlerInsight;
}

/** Those with work now, and after them those that had some lately. */
function rowsOf(overview: Overview, insights: Insights | undefined): Row[] {
  const lately = new Map(insights?.handlers.map((insight) => [insight.handler, insight]));
  const busy = overview.handlers.map((row) => {
    const insight = lately.get(row.handler);
    lately.delete(row.handler);
    return { ...row, ...(insight && { insight }) };
  });
  return [...busy, ...[...lately.values()].map((insight) => ({ handler: insight.handler, running: 0, ready: 0, insight }))];
}

const zero = (count: number) => <span className={count === 0 ? 'text-ink-3' : undefined}>{formatCount(count)}</span>;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'handler',
    head: 'Handler',
    cell: ({ handler }) => (
      <Link to="/insights" search={{ handler }} className="font-medium hover:underline">
        {handler}
      </Link>
    ),
  },
  { id: 'running', head: 'Running', align: 'right', width: 'w-[5rem] md:w-20', cell: ({ running }) => zero(running) },
  { id: 'ready', head: 'Waiting', align: 'right', width: 'w-[4.5rem] md:w-20', cell: ({ ready }) => zero(ready) },
  {
    id: 'oldest',
    head: 'Oldest',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ oldestReadyAt }) => <Duration since={oldestReadyAt} />,
  },
  {
    id: 'p50',
    head: 'p50',
    align: 'right',
    width: 'w-24',
    from: 'lg',
    cell: ({ insight }) => formatDuration(insight?.runTime?.p50),
  },
  {
    id: 'p95',
    head: 'p95',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ insight }) => formatDuration(insight?.runTime?.p95),
  },
  {
    id: 'failed',
    head: 'Failed',
    align: 'right',
    width: 'w-[4.5rem] md:w-20',
    cell: ({ insight }) => (
      <span className={(insight?.failureRate ?? 0) > 0 ? 'text-bad' : 'text-ink-3'}>{formatRatio(insight?.failureRate)}</span>
    ),
  },
];

export function Handlers({ overview, insights }: { overview: UseQueryResult<Overview>; insights: UseQueryResult<Insights> }) {
  if (overview.error && !overview.data) {
    return (
      <Card title="Handlers" flush>
        <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
      </Card>
    );
  }
  return (
    <Card
      title="Handlers"
      actions={<span className="hidden md:inline">running and waiting now; times and failures of the range</span>}
      flush
      className="md:col-span-2"
    >
      <Table
        label="Handlers"
        columns={COLUMNS}
        rows={overview.data && rowsOf(overview.data, insights.data)}
        keyOf={({ handler }) => handler}
        height="max-h-96"
        empty={<EmptyState title="No handler has had work">Each shows here from its first job on.</EmptyState>}
      />
    </Card>
  );
}
