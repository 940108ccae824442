import type { Insights } from '@pipelogiq/protocol';
import { formatCount, formatDuration, formatRate, formatRatio } from '../../lib/format.js';
import { Stat, StatStrip } from '../../ui/card.js';

/** The figures of the whole range. */
export function Summary({ insights }: { insights: Insights | undefined }) {
  const summary = insights?.summary;
  const ended = summary && summary.completed + summary.failed;
  return (
    <>
      {insights?.folded && (
        <p role="note" className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          This application has more stages than the server tells apart. What you narrowed to is counted as “(other)”, and missing
          here.
        </p>
      )}
      <StatStrip className="grid-cols-2 md:grid-cols-4">
        <Stat
          label="Pipeline success"
          value={summary && formatRatio(summary.successRate)}
          note={summary && (ended === 0 ? 'none ended' : `${formatCount(summary.failed)} of ${formatCount(ended ?? 0)} failed`)}
        />
        <Stat
          label="Failed attempts"
          value={summary && formatRatio(summary.failureRate)}
          note={summary && `${formatCount(summary.failedAttempts)} failed, ${formatCount(summary.retries)} tried again`}
        />
        <Stat
          label="Run time p95"
          value={summary && formatDuration(summary.runTime?.p95)}
          note={summary && `p50 ${formatDuration(summary.runTime?.p50)}, p99 ${formatDuration(summary.runTime?.p99)}`}
        />
        <Stat
          label="Queue wait p95"
          value={summary && formatDuration(summary.queueWait?.p95)}
          note={summary && `p50 ${formatDuration(summary.queueWait?.p50)}, p99 ${formatDuration(summary.queueWait?.p99)}`}
        />
        <Stat
          label="Throughput"
          value={summary && formatRate(summary.throughput)}
          note={summary && `${formatCount(summary.completedStages)} stages completed`}
        />
        <Stat
          label="Pipeline duration p95"
          value={summary && formatDuration(summary.duration?.p95)}
          note={summary && `first result p95 ${formatDuration(summary.feedback?.p95)}`}
        />
        <Stat label="Flaky stages" value={summary && formatRatio(summary.flakyRate)} note={summary && 'took several attempts'} />
        <Stat
          label="Work done"
          value={summary && formatDuration(summary.computeSeconds * 1_000)}
          note={
            summary &&
            (summary.utilisation === null ? 'time with a job' : `${formatRatio(summary.utilisation)} of all slots in use`)
          }
        />
      </StatStrip>
    </>
  );
}
