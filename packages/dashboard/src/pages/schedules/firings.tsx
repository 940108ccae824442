import type { Pipeline, ScheduleFiring } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { Duration } from '../../ui/time.js';
import { Outcome, pipelinePath } from './outcome.js';
import { firingsQuery, useOutcomes } from './queries.js';
import { scheduleSearch } from './search.js';
import { ZonedTime } from './zoned.js';

const columnsOf = (timeZone: string, outcomes: Map<string, Pipeline | 'gone'>): Column<ScheduleFiring>[] => [
  { id: 'at', head: 'For', cell: ({ fireAt }) => <ZonedTime at={fireAt} timeZone={timeZone} dense /> },
  {
    id: 'outcome',
    head: 'Outcome',
    width: 'w-32',
    cell: ({ pipelineId }) => <Outcome id={pipelineId} outcome={outcomes.get(pipelineId)} />,
  },
  {
    id: 'duration',
    head: 'Duration',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ pipelineId }) => {
      const pipeline = outcomes.get(pipelineId);
      if (pipeline === undefined || pipeline === 'gone') return <span className="text-ink-3">–</span>;
      return <Duration since={pipeline.startedAt} until={pipeline.finishedAt} />;
    },
  },
  {
    id: 'pipeline',
    head: 'Pipeline',
    align: 'right',
    width: 'w-24',
    cell: ({ pipelineId }) => (
      <Link to={pipelinePath(pipelineId)} className="text-accent hover:underline">
        {pipelineId}
      </Link>
    ),
  },
];

/** Fire times and the pipelines they made, latest first. */
export function Firings({ id, timeZone }: { id: string; timeZone: string }) {
  const { trail = [] } = scheduleSearch({ ...useSearch({ from: '/shell/schedules/$id' }) });
  const navigate = useNavigate({ from: '/schedules/$id' });
  const query = useQuery(firingsQuery(id, trail.at(-1)));
  const outcomes = useOutcomes(query.data?.items.map(({ pipelineId }) => pipelineId) ?? []);
  return (
    <Card title="Firings" actions="those triggered by hand are not among them" flush>
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Table
          label="Firings"
          columns={columnsOf(timeZone, outcomes)}
          rows={query.data?.items}
          keyOf={({ pipelineId }) => pipelineId}
          empty={<EmptyState title="It has not fired yet">Each fire time shows here with the pipeline that it made.</EmptyState>}
        />
      )}
      <Pager
        nextCursor={query.data?.nextCursor}
        trail={trail}
        onTrail={(next) => void navigate({ search: next.length > 0 ? { trail: next } : {}, replace: true })}
      />
    </Card>
  );
}
