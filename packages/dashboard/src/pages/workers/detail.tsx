import type { Worker } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatCount } from '../../lib/format.js';
import { Card, Stat, StatStrip } from '../../ui/card.js';
import { Mono } from '../../ui/code.js';
import { Facts } from '../../ui/facts.js';
import { PageHeader } from '../../ui/page.js';
import { ErrorNote, ErrorState, Skeleton } from '../../ui/states.js';
import { Duration, Time } from '../../ui/time.js';
import { Activity } from './activity.js';
import { Drain } from './drain.js';
import { formatCpu, formatMemory } from './load.js';
import { workerQuery } from './queries.js';
import { meaningOf, WorkerState } from './state.js';
import { placeOf } from './worker-link.js';

export default function WorkerPage() {
  const { id } = useParams({ from: '/shell/workers/$id' });
  const query = useQuery(workerQuery(id));
  const worker = query.data;
  return (
    <>
      <Link to="/workers" className="mb-1 inline-flex items-center gap-1 text-ink-3 text-xs hover:text-ink">
        <ArrowLeft aria-hidden size={12} /> Workers
      </Link>
      <PageHeader title={worker?.name ?? `Worker ${id}`} actions={worker && <Drain worker={worker} />} />
      {worker ? (
        <Detail worker={worker} />
      ) : query.error ? (
        <ErrorState error={query.error} title="This worker could not be read" onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton className="h-64" />
      )}
    </>
  );
}

function Detail({ worker }: { worker: Worker }) {
  const { inFlight, concurrency, processed, failed, cpuPercent, memoryMb, lastError, startedAt, lastSeenAt, state } = worker;
  return (
    <div className="grid gap-4">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <WorkerState worker={worker} soft />
        <span className="text-ink-2">{meaningOf(worker)}</span>
      </p>
      {lastError !== undefined && <ErrorNote error={`Its last error: ${lastError}`} />}
      <StatStrip className="grid-cols-2 md:grid-cols-4">
        <Stat
          label="Jobs in flight"
          value={formatCount(inFlight)}
          note={concurrency === undefined ? 'it does not say how many it takes' : `of ${formatCount(concurrency)} at a time`}
        />
        <Stat
          label="Jobs since its start"
          value={formatCount(processed)}
          note={failed === 0 ? 'none failed' : `${formatCount(failed)} failed`}
        />
        <Stat label="CPU, of one core" value={formatCpu(cpuPercent)} note={`${formatMemory(memoryMb)} of memory`} />
        <Stat
          label={state === 'stopped' || state === 'offline' ? 'Was up for' : 'Up for'}
          value={<Duration since={startedAt} until={state === 'stopped' || state === 'offline' ? lastSeenAt : undefined} />}
          note={
            <>
              last seen <Time at={lastSeenAt} />
            </>
          }
        />
      </StatStrip>
      <div className="grid items-start gap-4 lg:grid-cols-3">
        <About worker={worker} />
        <Activity worker={worker} />
      </div>
    </div>
  );
}

function About({ worker }: { worker: Worker }) {
  const { id, instanceId, pool, application, environment, version, sdkVersion, startedAt, handlers } = worker;
  const facts: [string, ReactNode][] = [
    ['Pool', pool],
    ['Version', version],
    ['SDK', sdkVersion],
    ['Host', placeOf(worker)],
    ['Environment', environment],
    ['Application', application],
    ['Started', <Time key="at" at={startedAt} />],
    ['Id', id],
    ['Instance', <Mono key="instance">{instanceId}</Mono>],
  ];
  return (
    <Card title="About it">
      <Facts facts={facts} none="not told">
        <dt className="text-ink-3">Handlers</dt>
        <dd>
          <ul className="flex flex-wrap gap-1">
            {handlers.map((handler) => (
              <li key={handler} className="max-w-full break-all rounded-sm bg-idle-soft px-1.5 text-xs leading-5">
                {handler}
              </li>
            ))}
          </ul>
        </dd>
      </Facts>
    </Card>
  );
}
