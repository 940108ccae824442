import type { Worker } from '@pipelogiq/protocol';
import { cx } from '../../lib/cx.js';
import { formatBytes, formatCount, formatRatio } from '../../lib/format.js';

/** From here on it is about to be the bottleneck. */
const FULL = 0.9;

/** Jobs in flight of those it takes at a time, as figures and as a bar. */
export function Load({ worker: { inFlight, concurrency, state } }: { worker: Worker }) {
  if (state === 'stopped') return <span className="text-ink-3">–</span>;
  if (concurrency === undefined) return <>{formatCount(inFlight)}</>;
  const used = Math.min(inFlight / concurrency, 1);
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden className="hidden h-1.5 w-10 overflow-hidden rounded-full bg-idle-soft lg:block">
        <span className={cx('block h-full', used >= FULL ? 'bg-warn' : 'bg-run')} style={{ width: `${used * 100}%` }} />
      </span>
      <span>
        {formatCount(inFlight)}
        <span className="text-ink-3"> / {formatCount(concurrency)}</span>
      </span>
    </span>
  );
}

export const formatCpu = (percent: number | undefined): string => formatRatio(percent === undefined ? undefined : percent / 100);
export const formatMemory = (mebibytes: number | undefined): string =>
  formatBytes(mebibytes === undefined ? undefined : mebibytes * 1_024 * 1_024);
