import type { Pipeline, Schedule } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { given } from '../../lib/search.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { CodeBlock } from '../../ui/code.js';
import { PageHeader } from '../../ui/page.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge, StatusIcon } from '../../ui/status.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { Cron } from './cron.js';
import { ScheduleForm } from './form.js';
import { Outcome } from './outcome.js';
import { schedulesQuery, useOutcomes } from './queries.js';
import { schedulesSearch } from './search.js';
import { ZonedTime } from './zoned.js';

const EXAMPLE = `import { Pipelogiq } from '@pipelogiq/sdk';

const pipelogiq = new Pipelogiq();
await pipelogiq.schedules.create({
  name: 'nightly report',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  template: { name: 'report', stages: [{ name: 'build', handler: 'build-report' }] },
});
await pipelogiq.close();`;

const columnsOf = (outcomes: Map<string, Pipeline | 'gone'>): Column<Schedule>[] => [
  {
    id: 'name',
    head: 'Schedule',
    wrap: true,
    cell: ({ id, name, template }) => (
      <>
        <Link to="/schedules/$id" params={{ id }} className="font-medium hover:text-accent hover:underline">
          {name}
        </Link>{' '}
        <span className="hidden text-ink-3 text-xs lg:inline">{template.name}</span>
      </>
    ),
  },
  { id: 'when', head: 'Fires', from: 'md', wrap: true, cell: Cron },
  {
    id: 'next',
    head: 'Next run',
    width: 'w-28 lg:w-64',
    cell: ({ nextFireAt, timeZone }) =>
      nextFireAt === undefined ? (
        <span className="text-ink-3">none</span>
      ) : (
        <ZonedTime at={nextFireAt} timeZone={timeZone} dense />
      ),
  },
  {
    id: 'last',
    head: 'Last run',
    width: 'w-32',
    from: 'md',
    cell: ({ lastPipelineId, lastError }) =>
      lastError !== undefined ? (
        <span className="inline-flex items-center gap-1.5 text-bad" title={lastError}>
          <StatusIcon status="failed" /> Did not fire
        </span>
      ) : lastPipelineId === undefined ? (
        <span className="text-ink-3">never</span>
      ) : (
        <Outcome id={lastPipelineId} outcome={outcomes.get(lastPipelineId)} />
      ),
  },
  { id: 'status', head: 'State', width: 'w-24', cell: ({ status }) => <StatusBadge status={status} /> },
];

/** What makes pipelines by the clock. */
export default function SchedulesPage() {
  const search = schedulesSearch({ ...useSearch({ from: '/shell/schedules' }) });
  const navigate = useNavigate({ from: '/schedules' });
  const [isMaking, setMaking] = useState(false);
  const mayOperate = useMay('operate');
  const query = useQuery(schedulesQuery(search));
  const outcomes = useOutcomes(query.data?.items.flatMap(({ lastPipelineId }) => lastPipelineId ?? []) ?? []);
  const make = mayOperate && (
    <Button tone="primary" icon={<Plus aria-hidden size={14} />} onClick={() => setMaking(true)}>
      New schedule
    </Button>
  );
  return (
    <>
      <PageHeader title="Schedules" actions={make} />
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Schedules"
            columns={columnsOf(outcomes)}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            empty={
              <EmptyState title="No schedule yet" action={<CodeBlock label="schedule" code={EXAMPLE} />}>
                A schedule makes a pipeline whenever its cron expression says so, on the clocks of its time zone.
              </EmptyState>
            }
          />
        )}
        <Pager
          nextCursor={query.data?.nextCursor}
          trail={search.trail ?? []}
          onTrail={(trail) =>
            void navigate({
              search: (before) => given({ ...before, trail: trail.length > 0 ? trail : undefined }),
              replace: true,
            })
          }
        />
      </Card>
      {isMaking && <ScheduleForm onClose={() => setMaking(false)} />}
    </>
  );
}
