import type { Page, PipelineSummary } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { type Column, Table } from '../../ui/table.js';
import { Duration, Time } from '../../ui/time.js';
import { failedQuery, latestQuery } from './queries.js';

const done = ({ stages }: PipelineSummary) => `${stages.total - stages.open}/${stages.total}`;

const COLUMNS: readonly Column<PipelineSummary>[] = [
  {
    id: 'pipeline',
    head: 'Pipeline',
    wrap: true,
    cell: ({ id, name }) => (
      <Link to="/pipelines/$id" params={{ id }} className="font-medium hover:underline">
        {name} <span className="num font-normal text-ink-3 text-xs">{id}</span>
      </Link>
    ),
  },
  { id: 'status', head: 'Status', width: 'w-28', cell: ({ status }) => <StatusBadge status={status} /> },
  { id: 'stages', head: 'Stages', align: 'right', width: 'w-20', from: 'md', cell: done },
  {
    id: 'duration',
    head: 'Duration',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ startedAt, finishedAt }) => <Duration since={startedAt} until={finishedAt} />,
  },
  { id: 'created', head: 'Created', align: 'right', width: 'w-28', cell: ({ createdAt }) => <Time at={createdAt} /> },
];

interface Query {
  data: Page<PipelineSummary> | undefined;
  error: unknown;
  refetch(): unknown;
}

interface PipelinesProps {
  title: string;
  query: Query;
  /** Which of them the list shows. */
  all: { status?: 'failed' };
  empty: ReactNode;
}

function Pipelines({ title, query, all, empty }: PipelinesProps) {
  const failed = query.error && !query.data;
  return (
    <Card
      title={title}
      actions={
        <Link to="/pipelines" search={all} aria-label={`All: ${title.toLowerCase()}`} className="text-accent hover:underline">
          All
        </Link>
      }
      flush
    >
      {failed ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Table label={title} columns={COLUMNS} rows={query.data?.items} keyOf={({ id }) => id} expected={8} empty={empty} />
      )}
    </Card>
  );
}

export function Recent() {
  const latest = useQuery(latestQuery);
  const failed = useQuery(failedQuery);
  return (
    <>
      <Pipelines title="Latest pipelines" query={latest} all={{}} empty={<EmptyState title="No pipeline yet" />} />
      <Pipelines
        title="Failed pipelines"
        all={{ status: 'failed' }}
        query={failed}
        empty={<EmptyState title="None has failed">The latest failures show here.</EmptyState>}
      />
    </>
  );
}
