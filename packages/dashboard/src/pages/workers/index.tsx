import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { formatCount, formatRatio } from '../../lib/format.js';
import { Card, Stat, StatStrip } from '../../ui/card.js';
import { CodeBlock } from '../../ui/code.js';
import { PageHeader } from '../../ui/page.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { Table } from '../../ui/table.js';
import { COLUMNS } from './columns.js';
import { Filters, matching } from './filters.js';
import { type Workers, workersQuery } from './queries.js';
import { workersSearch } from './search.js';
import { shownState } from './state.js';

const EXAMPLE = `import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';

const chargeCard = defineHandler('charge-card', {}, async (input) => input);

await new Pipelogiq().worker({ name: 'worker-1', handlers: [chargeCard], concurrency: 10 }).run();`;

/** Who runs the jobs. */
export default function WorkersPage() {
  const search = workersSearch({ ...useSearch({ from: '/shell/workers' }) });
  const query = useQuery(workersQuery);
  const all = query.data?.items;
  return (
    <>
      <PageHeader title="Workers" />
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <Counts workers={query.data} />
          <Filters workers={all ?? []} />
          <Card flush className="overflow-hidden">
            <Table
              label="Workers"
              columns={COLUMNS}
              rows={all && matching(all, search)}
              keyOf={({ id }) => id}
              expected={8}
              empty={all?.some(({ state }) => state !== 'stopped') || Object.keys(search).length > 0 ? <NoMatch /> : <NoWorker />}
            />
          </Card>
          {query.data?.more && (
            <p className="mt-2 text-ink-3 text-xs">
              The {formatCount(query.data.items.length)} newest workers; filters work on these.
            </p>
          )}
        </>
      )}
    </>
  );
}

function Counts({ workers }: { workers: Workers | undefined }) {
  const items = workers?.items;
  const count = (state: string) => items && formatCount(items.filter((worker) => shownState(worker) === state).length);
  const online = items?.filter(({ state }) => state !== 'stopped' && state !== 'offline');
  const slots = online?.reduce((sum, { concurrency = 0 }) => sum + concurrency, 0) ?? 0;
  const inFlight = online?.reduce((sum, worker) => sum + worker.inFlight, 0) ?? 0;
  const offline = items?.filter(({ state }) => state === 'offline').length ?? 0;
  return (
    <StatStrip className="mb-4 grid-cols-2 md:grid-cols-4">
      <Stat label="Online" value={online && formatCount(online.length)} note={online && 'heard of lately'} />
      <Stat
        label="Jobs in flight"
        value={online && formatCount(inFlight)}
        note={slots > 0 ? `${formatRatio(Math.min(inFlight / slots, 1))} of ${formatCount(slots)} slots` : undefined}
      />
      <Stat label="Draining" value={count('draining')} note={items && 'take nothing new'} />
      <Stat
        label="Offline"
        value={count('offline')}
        note={items && 'silent, not stopped'}
        alarm={offline > 0 ? { status: 'critical', word: 'lost' } : undefined}
      />
    </StatStrip>
  );
}

const NoMatch = () => (
  <EmptyState title="No worker matches">Change the filters; stopped workers show under “All states”.</EmptyState>
);

const NoWorker = () => (
  <EmptyState title="No worker is online" action={<CodeBlock label="worker" code={EXAMPLE} />}>
    Workers are your own programs. They show here as soon as they start.
  </EmptyState>
);
