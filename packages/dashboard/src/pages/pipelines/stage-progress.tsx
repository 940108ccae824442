import type { StageCounts } from '@pipelogiq/protocol';
import { cx } from '../../lib/cx.js';
import { formatCount } from '../../lib/format.js';

/** In this order along the bar. */
const PARTS = [
  { counts: ['completed'], fill: 'bg-ok' },
  { counts: ['failed', 'blocked'], fill: 'bg-bad' },
  { counts: ['skipped', 'cancelled'], fill: 'bg-idle' },
] as const;

/** How many stages have ended, and how. */
export function StageProgress({ stages, wide = false }: { stages: StageCounts; wide?: boolean }) {
  const { total, open } = stages;
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className={cx('flex h-1.5 shrink-0 overflow-hidden rounded-full bg-idle-soft', wide ? 'w-40' : 'w-14')}>
        {PARTS.map(({ counts, fill }) => {
          const count = counts.reduce((sum, name) => sum + stages[name], 0);
          return count > 0 && <span key={fill} className={fill} style={{ width: `${(count / Math.max(total, 1)) * 100}%` }} />;
        })}
      </span>
      <span className="num whitespace-nowrap text-ink-2">
        {formatCount(total - open)}/{formatCount(total)}
      </span>
    </span>
  );
}
