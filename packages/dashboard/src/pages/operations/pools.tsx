import type { Overview, OverviewPool } from '@pipelogiq/protocol';
import type { UseQueryResult } from '@tanstack/react-query';
import { cx } from '../../lib/cx.js';
import { formatCount, formatRatio, plural } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState, Loaded, Skeleton } from '../../ui/states.js';

/** From here on a pool is about to be the bottleneck. */
const FULL = 0.9;

export function Pools({ query }: { query: UseQueryResult<Overview> }) {
  return (
    <Card title="Pool utilisation">
      <Loaded query={query} loading={<Skeleton className="h-24" />}>
        {({ pools }) =>
          pools.length === 0 ? (
            <EmptyState title="No worker is online">Start one: its pool shows here with how much of it is in use.</EmptyState>
          ) : (
            <ul className="flex flex-col gap-3.5">
              {pools.slice(0, 6).map((pool) => (
                <Pool key={pool.pool} {...pool} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

function Pool({ pool, workers, inFlight, slots, slotsUsed }: OverviewPool) {
  const used = slots > 0 ? Math.min(slotsUsed / slots, 1) : undefined;
  return (
    <li>
      <div className="flex items-baseline justify-between gap-2">
        <span className="truncate font-medium">{pool}</span>
        <span className="num shrink-0">{used === undefined ? `${formatCount(inFlight)} jobs` : formatRatio(used)}</span>
      </div>
      <div className="my-1 h-1.5 overflow-hidden rounded-full bg-idle-soft">
        <div
          className={cx('h-full rounded-full transition-[width]', (used ?? 0) >= FULL ? 'bg-warn' : 'bg-run')}
          style={{ width: `${(used ?? 0) * 100}%` }}
        />
      </div>
      <p className="num text-ink-3 text-xs">
        {plural(workers, 'worker')}
        {used !== undefined && `, ${formatCount(slotsUsed)} of ${formatCount(slots)} slots busy`}
      </p>
    </li>
  );
}
