import type { Worker } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import { Card } from '../../ui/card.js';
import { EmptyState } from '../../ui/states.js';
import { StatusIcon } from '../../ui/status.js';
import { Duration, Time } from '../../ui/time.js';
import { type Happening, useHappenings } from './happenings.js';

const pathOf = (pipelineId: string): string => `/pipelines/${pipelineId}`;

/** What it does while somebody looks: the server keeps the figures of a worker, not its history. */
export function Activity({ worker }: { worker: Worker }) {
  const { running, happenings } = useHappenings(worker.id);
  return (
    <Card title="Live" actions="since this page was opened" flush className="lg:col-span-2">
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
      {running.length + happenings.length === 0 && (
        <EmptyState title="Nothing happened yet">
          Jobs that it takes and how they end show here as it happens.
          {worker.inFlight > 0 && ' Those that it held before are counted above.'}
        </EmptyState>
      )}
    </Card>
  );
}

function Rows({ rows, isRunning = false }: { rows: readonly Happening[]; isRunning?: boolean }) {
  return (
    <ul>
      {rows.map(({ key, status, text, pipelineId, at }) => (
        <li key={key} className="flex h-9 items-center gap-2.5 border-line border-b px-4 last:border-b-0">
          <StatusIcon status={status} />
          <span className="min-w-0 grow truncate">{text}</span>
          {pipelineId !== undefined && (
            <Link to={pathOf(pipelineId)} className="num shrink-0 text-accent text-xs hover:underline">
              Pipeline {pipelineId}
            </Link>
          )}
          <span className="w-24 shrink-0 text-right text-ink-3">{isRunning ? <Duration since={at} /> : <Time at={at} />}</span>
        </li>
      ))}
    </ul>
  );
}
