import type { Insights } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { formatDuration } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { Chart } from '../../ui/chart.js';
import { Skeleton } from '../../ui/states.js';
import { courseOf } from '../operations/series.js';
import { marksQuery, type useParts } from './queries.js';
import { formatSpan } from './span.js';

type Parts = ReturnType<typeof useParts>;
interface CoursesProps {
  insights: Insights | undefined;
  parts: Parts;
  pipeline: string | undefined;
}
type Marks = readonly { at: number; label: string }[];

const HEIGHT = 184;

/** What changed over the range, with deployments drawn in. */
export function Courses({ insights, parts, pipeline }: CoursesProps) {
  const { data } = useQuery(marksQuery({ from: insights?.from, pipeline }));
  const marks = data?.items.map(({ at, version }) => ({ at: Date.parse(at), label: version })) ?? [];
  const deployments = marks.length > 0 && (marks.length === 1 ? '┆ 1 deployment' : `┆ ${marks.length} deployments`);
  const periodMs = parts[0] && parts[0].bucket.to - parts[0].bucket.from;
  return (
    <div className="grid gap-4 lg:grid-cols-3">
      <Card
        title="Stages that ended"
        actions={insights && ['each ', formatSpan(courseOf(insights).periodMs), deployments && ` · ${deployments}`]}
      >
        {insights ? <Ended insights={insights} marks={marks} /> : <Skeleton className="h-52" />}
      </Card>
      <Card title="Run time" actions={periodMs && `each ${formatSpan(periodMs)}`}>
        <Percentiles parts={parts} marks={marks} what="runTime" label="Run time of stages" />
      </Card>
      <Card title="Queue wait" actions={periodMs && `each ${formatSpan(periodMs)}`}>
        <Percentiles parts={parts} marks={marks} what="queueWait" label="Time that stages waited for a worker" />
      </Card>
    </div>
  );
}

function Ended({ insights, marks }: { insights: Insights; marks: Marks }) {
  const { times, completed, failed } = courseOf(insights);
  const { completedStages, failedStages } = insights.summary;
  return (
    <Chart
      label={`Stages that ended over time: ${completedStages} completed, ${failedStages} failed`}
      times={times}
      height={HEIGHT}
      unit="count"
      series={[
        { label: 'Completed', tone: 'ok', values: completed },
        { label: 'Failed', tone: 'bad', values: failed },
      ]}
      marks={marks}
    />
  );
}

interface PercentilesProps {
  parts: Parts;
  marks: Marks;
  what: 'runTime' | 'queueWait';
  label: string;
}

function Percentiles({ parts, marks, what, label }: PercentilesProps) {
  const missing = parts.some(({ figures }) => figures === undefined);
  if (missing) return <Skeleton className="h-52" />;
  const of = (percentile: 'p50' | 'p95' | 'p99') => parts.map(({ figures }) => figures?.summary[what]?.[percentile] ?? null);
  const p95 = of('p95');
  const latest = p95.findLast((value) => value !== null);
  return (
    <Chart
      label={`${label} over time, p95 lately ${formatDuration(latest)}`}
      times={parts.map(({ bucket }) => bucket.from)}
      height={HEIGHT}
      unit="duration"
      series={[
        { label: 'p50', tone: 'idle', values: of('p50') },
        { label: 'p95', tone: 'run', values: p95 },
        { label: 'p99', tone: 'warn', values: of('p99') },
      ]}
      marks={marks}
    />
  );
}
