import type { Insights, Overview } from '@pipelogiq/protocol';
import type { UseQueryResult } from '@tanstack/react-query';
import { formatCount, formatDuration, formatRate, formatRatio, plural } from '../../lib/format.js';
import { Stat, type StatProps, StatStrip } from '../../ui/card.js';
import { Sparkline } from '../../ui/sparkline.js';
import { useNow } from '../../ui/time.js';
import type { Range } from './search.js';
import { courseOf } from './series.js';

interface StatsProps {
  overview: UseQueryResult<Overview>;
  insights: UseQueryResult<Insights>;
  range: Range;
}

const atMost = (value: number, countedTo: number) => `${formatCount(value)}${value >= countedTo ? '+' : ''}`;
/** Nothing waits for longer than this without a reason. */
const LONG_WAIT_MS = 60_000;

function change({ online, onlineHourAgo }: Overview['workers']): string {
  const by = online - onlineHourAgo;
  return by === 0 ? 'as an hour ago' : `${by > 0 ? '+' : '−'}${Math.abs(by)} in an hour`;
}

function stateOf({ online, draining }: Overview['workers'], ready: number): StatProps['alarm'] {
  if (online === 0 && ready > 0) return { status: 'critical', word: 'work waits' };
  return draining > 0 ? { status: 'draining', word: `${draining} draining` } : undefined;
}

/** What goes on now; the lower row: how it went lately. */
export function Stats({ overview, insights, range }: StatsProps) {
  return (
    <StatStrip className="grid-cols-2 md:grid-cols-4">
      <NowStats overview={overview} />
      <LateStats insights={insights} range={range} />
    </StatStrip>
  );
}

function NowStats({ overview: { data: overview, isError } }: Pick<StatsProps, 'overview'>) {
  const now = useNow();
  const stages = overview?.stages;
  const oldestMs = stages?.oldestReadyAt === undefined ? undefined : Math.max(now - Date.parse(stages.oldestReadyAt), 0);
  const incidents = overview?.incidents;
  const workers = overview?.workers;
  return (
    <>
      <Stat
        isMissing={isError}
        label="Active jobs"
        value={stages && atMost(stages.running, stages.countedTo)}
        note={overview && `${plural(overview.pipelines.running, 'pipeline')} running`}
      />
      <Stat
        isMissing={isError}
        label="Queue depth"
        value={stages && atMost(stages.ready, stages.countedTo)}
        note={stages && (oldestMs === undefined ? 'nothing waits' : `oldest waits ${formatDuration(oldestMs)}`)}
        alarm={oldestMs !== undefined && oldestMs > LONG_WAIT_MS ? { status: 'warning', word: 'waits long' } : undefined}
      />
      <Stat
        isMissing={isError}
        label="Workers online"
        value={workers && formatCount(workers.online)}
        note={workers && change(workers)}
        alarm={workers && stages && stateOf(workers, stages.ready)}
      />
      <Stat
        isMissing={isError}
        label="Open incidents"
        value={incidents && formatCount(incidents.open - incidents.muted)}
        note={incidents && notedOf(incidents)}
        alarm={incidents && incidents.open > incidents.muted ? { status: 'critical', word: 'to look at' } : undefined}
      />
    </>
  );
}

/** Those of which nobody is told are not to be looked at: they are silenced, or another one tells of them. */
const notedOf = ({ acknowledged, muted }: Overview['incidents']): string =>
  [
    muted > 0 && `${formatCount(muted)} more muted`,
    acknowledged > 0 ? `${formatCount(acknowledged)} acknowledged` : 'none acknowledged',
  ]
    .filter(Boolean)
    .join(', ');

function LateStats({ insights: { data: insights, isError }, range }: Pick<StatsProps, 'insights' | 'range'>) {
  const summary = insights?.summary;
  const course = insights && courseOf(insights);
  const ended = summary && summary.completed + summary.failed;
  return (
    <>
      <Stat
        isMissing={isError}
        label={`Success rate, ${range}`}
        value={summary && formatRatio(summary.successRate)}
        note={
          summary && (ended === 0 ? 'nothing ended yet' : `${formatCount(summary.failed)} of ${formatCount(ended ?? 0)} failed`)
        }
      />
      <Stat
        isMissing={isError}
        label={`Queue wait p99, ${range}`}
        value={summary && formatDuration(summary.queueWait?.p99)}
        note={summary && `p50 ${formatDuration(summary.queueWait?.p50)}`}
      />
      <Stat
        isMissing={isError}
        label={`Throughput, ${range}`}
        value={summary && formatRate(summary.throughput)}
        note={summary && `${formatCount(summary.completedStages)} stages completed`}
        aside={course && <Sparkline values={course.completed.slice(-24)} label="Completed stages over time" />}
      />
      <Stat
        isMissing={isError}
        label={`Retries, ${range}`}
        value={summary && formatCount(summary.retries)}
        note={summary && `${formatRatio(summary.failureRate)} of attempts failed`}
      />
    </>
  );
}
