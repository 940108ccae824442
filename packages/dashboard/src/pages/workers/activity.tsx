import type { DeliveryOutcome, Worker, WorkerHappening, WorkerJob } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusIcon } from '../../ui/status.js';
import { Duration, Time } from '../../ui/time.js';
import { eventsQuery, jobsQuery } from './queries.js';

interface Row {
  key: string;
  /** As StatusIcon knows it. */
  status: string;
  text: string;
  pipelineId?: string | undefined;
  /** RFC 3339. */
  at: string;
}

const ENDS: Partial<Record<DeliveryOutcome, string>> = {
  completed: 'Completed',
  failed: 'Failed',
  retried: 'Failed, and is tried again:',
  released: 'Gave back',
  expired: 'Lost the lease of',
  timed_out: 'Ran out of time:',
  cancelled: 'Cancelled',
};
const OF_WORKER = {
  worker_started: { status: 'running', text: 'Opened a session' },
  worker_drained: { status: 'draining', text: 'Was told to drain' },
  worker_stopped: { status: 'stopped', text: 'Ended its session' },
} as const;

const jobRow = ({ stageId, stage, pipelineId, startedAt }: WorkerJob): Row => ({
  key: stageId,
  status: 'running',
  text: stage,
  pipelineId,
  at: startedAt,
});

function eventRow(event: WorkerHappening, index: number): Row {
  const { type, at, stageId, stage, attempt = 1, pipelineId, outcome, finishedAt } = event;
  const key = `${type} ${at} ${stageId ?? ''} ${index}`;
  if (type !== 'stage_leased') return { key, ...OF_WORKER[type], at };
  const job = attempt > 1 ? `${stage}, attempt ${attempt}` : `${stage}`;
  return {
    key,
    status: outcome ?? 'running',
    text: `${(outcome && ENDS[outcome]) ?? 'Took'} ${job}`,
    pipelineId,
    at: finishedAt ?? at,
  };
}

/** What it holds, and what it did as far as the server keeps events. */
export function Activity({ worker }: { worker: Worker }) {
  const jobs = useQuery(jobsQuery(worker.id));
  const events = useQuery(eventsQuery(worker.id));
  const error = [jobs, events].find((query) => query.error && !query.data);
  const running = jobs.data?.items.map(jobRow) ?? [];
  const happenings = events.data?.items.map(eventRow) ?? [];
  return (
    <Card title="Activity" actions="as far as events are kept" flush className="lg:col-span-2">
      {error && <ErrorState error={error.error} onRetry={() => void error.refetch()} />}
      {running.length > 0 && (
        <section aria-label="Jobs that run">
          <h3 className="border-line border-b px-4 py-1.5 font-medium text-ink-3 text-xs">Jobs that run</h3>
          <Rows rows={running} isRunning />
        </section>
      )}
      {happenings.length > 0 && (
        <section aria-label="Events">
          <h3 className="border-line border-y px-4 py-1.5 font-medium text-ink-3 text-xs">Events</h3>
          <Rows rows={happenings} />
        </section>
      )}
      {jobs.data && events.data && running.length + happenings.length === 0 && (
        <EmptyState title="Nothing happened lately">Jobs that it takes and how they end show here.</EmptyState>
      )}
    </Card>
  );
}

const pathOf = (pipelineId: string): string => `/pipelines/${pipelineId}`;

function Rows({ rows, isRunning = false }: { rows: readonly Row[]; isRunning?: boolean }) {
  return (
    <ul>
      {rows.map(({ key, status, text, pipelineId, at }) => (
        <li key={key} className="flex min-h-9 items-center gap-2.5 border-line border-b px-4 py-1 last:border-b-0">
          <StatusIcon status={status} />
          <span className="min-w-0 grow break-words">{text}</span>
          {pipelineId !== undefined && (
            <Link to={pathOf(pipelineId)} className="num shrink-0 text-accent text-xs hover:underline">
              <span className="max-md:sr-only">Pipeline </span>
              {pipelineId}
            </Link>
          )}
          <span className="w-20 shrink-0 text-right md:w-24 text-ink-3">
            {isRunning ? <Duration since={at} /> : <Time at={at} />}
          </span>
        </li>
      ))}
    </ul>
  );
}
