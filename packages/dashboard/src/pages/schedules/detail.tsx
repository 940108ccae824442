import type { Json, Schedule } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { formatCount, formatDuration } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { Mono } from '../../ui/code.js';
import { Facts } from '../../ui/facts.js';
import { JsonView } from '../../ui/json-view.js';
import { PageHeader } from '../../ui/page.js';
import { ErrorNote, ErrorState, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { Time } from '../../ui/time.js';
import { Actions } from './actions.js';
import { cronWords } from './cron-words.js';
import { Firings } from './firings.js';
import { Outcome } from './outcome.js';
import { scheduleQuery, useOutcomes } from './queries.js';
import { ZonedTime } from './zoned.js';

export default function SchedulePage() {
  const { id } = useParams({ from: '/shell/schedules/$id' });
  const query = useQuery(scheduleQuery(id));
  const schedule = query.data;
  return (
    <>
      <Link to="/schedules" className="mb-1 inline-flex items-center gap-1 text-ink-3 text-xs hover:text-ink">
        <ArrowLeft aria-hidden size={12} /> Schedules
      </Link>
      <PageHeader title={schedule?.name ?? `Schedule ${id}`} actions={schedule && <Actions schedule={schedule} />} />
      {schedule ? (
        <Detail schedule={schedule} />
      ) : query.error ? (
        <ErrorState error={query.error} title="This schedule could not be read" onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton className="h-64" />
      )}
    </>
  );
}

function Detail({ schedule }: { schedule: Schedule }) {
  const { id, status, cron, timeZone, lastError, template } = schedule;
  return (
    <div className="grid gap-4">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <StatusBadge status={status} soft />
        <span className="text-ink-2">
          {cronWords(cron) ?? 'Fires by its expression'}, on the clocks of {timeZone}
          {status === 'paused' && '. What it would have fired meanwhile does not fire later'}.
        </span>
      </p>
      {lastError !== undefined && (
        <ErrorNote error={`The latest firing made no pipeline: ${lastError} It is tried again every minute.`} />
      )}
      <div className="grid items-start gap-4 lg:grid-cols-3">
        <div className="grid gap-4">
          <About schedule={schedule} />
        </div>
        <div className="grid min-w-0 gap-4 lg:col-span-2">
          <Firings id={id} timeZone={timeZone} />
          <Card title="Pipeline that it makes">
            <JsonView label="template" value={template as unknown as Json} />
          </Card>
        </div>
      </div>
    </div>
  );
}

function About({ schedule }: { schedule: Schedule }) {
  const { id, cron, timeZone, nextFireAt, lastFireAt, lastPipelineId, missedRuns, graceMs, missed, createdAt, updatedAt } =
    schedule;
  const outcomes = useOutcomes(lastPipelineId === undefined ? [] : [lastPipelineId]);
  const missedText =
    missedRuns === 'catch_up' ? 'made up for, each' : `dropped; the latest still runs within ${formatDuration(graceMs)}`;
  const facts: [string, ReactNode][] = [
    ['Next run', nextFireAt === undefined ? 'none while paused' : <ZonedTime key="next" at={nextFireAt} timeZone={timeZone} />],
    ['Last run', lastFireAt === undefined ? 'never' : <ZonedTime key="last" at={lastFireAt} timeZone={timeZone} />],
    [
      'Outcome',
      lastPipelineId === undefined ? '–' : <Outcome key="outcome" id={lastPipelineId} outcome={outcomes.get(lastPipelineId)} />,
    ],
    ['Expression', <Mono key="cron">{cron}</Mono>],
    ['Time zone', timeZone],
    ['Missed runs', missedText],
    ['Dropped so far', formatCount(missed)],
    ['Created', <Time key="created" at={createdAt} />],
    ['Changed', <Time key="updated" at={updatedAt} />],
    ['Id', id],
  ];
  return (
    <Card title="About it">
      <Facts facts={facts} />
    </Card>
  );
}
