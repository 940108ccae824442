import type { DurationBucket, Insights } from '@pipelogiq/protocol';
import { formatCount, formatRatio } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState, Skeleton } from '../../ui/states.js';
import { formatSpan } from './span.js';

interface Bar {
  label: string;
  count: number;
}

/** From the first bucket with anything in it to the last one. */
function barsOf(durations: readonly DurationBucket[]): Bar[] {
  const first = durations.findIndex(({ count }) => count > 0);
  if (first === -1) return [];
  const last = durations.findLastIndex(({ count }) => count > 0);
  return durations.slice(first, last + 1).map(({ upToMs, count }, index) => {
    const above = durations[first + index - 1]?.upToMs;
    return { count, label: upToMs === null ? `> ${formatSpan(above ?? 0)}` : `≤ ${formatSpan(upToMs)}` };
  });
}

/** How many pipelines took how long. */
export function Distribution({ insights }: { insights: Insights | undefined }) {
  const bars = insights && barsOf(insights.durations);
  const total = bars?.reduce((sum, { count }) => sum + count, 0) ?? 0;
  return (
    <Card title="How long pipelines took" actions={bars && total > 0 && `${formatCount(total)} pipelines`}>
      {bars === undefined ? (
        <Skeleton className="h-48" />
      ) : bars.length === 0 ? (
        <EmptyState title="No pipeline ended in this time">Choose a longer range, or clear the filters.</EmptyState>
      ) : (
        <Bars bars={bars} total={total} />
      )}
    </Card>
  );
}

function Bars({ bars, total }: { bars: readonly Bar[]; total: number }) {
  const most = Math.max(...bars.map(({ count }) => count));
  return (
    <ul className="flex flex-col gap-1.5">
      {bars.map(({ label, count }) => (
        <li key={label} className="grid grid-cols-[4rem_minmax(0,1fr)_3.5rem_3rem] items-center gap-3">
          <span className="num whitespace-nowrap text-right text-ink-2 text-xs">{label}</span>
          <span className="h-3.5 rounded-[3px] bg-canvas">
            <span
              className="block h-full rounded-[3px] bg-run"
              style={{ width: `${(count / most) * 100}%`, minWidth: count > 0 ? 2 : 0 }}
            />
          </span>
          <span className="num text-right text-ink-2 text-xs">{formatCount(count)}</span>
          <span className="num text-right text-ink-3 text-xs">{formatRatio(count / total)}</span>
        </li>
      ))}
    </ul>
  );
}
