import type { ReactNode } from 'react';
import { cx } from '../lib/cx.js';
import { StatusBadge, toneOf } from './status.js';
import { TONE_TEXT } from './tone.js';

interface CardProps {
  title?: ReactNode;
  /** Beside the title: a link, a filter. */
  actions?: ReactNode;
  /** No padding: a table or a chart fills it. */
  flush?: boolean;
  className?: string;
  children: ReactNode;
}

/** A section of a page: a title and what it says, held together by one line. */
export function Card({ title, actions, flush = false, className, children }: CardProps) {
  return (
    <section className={cx('flex min-w-0 flex-col rounded-lg border border-line bg-surface', className)}>
      {(title || actions) && (
        <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-line border-b px-4 py-1">
          <h2 className="text-sm">{title}</h2>
          {actions && <div className="flex items-center gap-2 text-ink-3 text-xs">{actions}</div>}
        </header>
      )}
      <div className={cx('min-w-0 grow', !flush && 'p-4')}>{children}</div>
    </section>
  );
}

/** Figures side by side, parted by hairlines. */
export function StatStrip({ children, className }: { children: ReactNode; className?: string }) {
  return <dl className={cx('grid gap-px overflow-hidden rounded-lg border border-line bg-line', className)}>{children}</dl>;
}

export interface StatProps {
  label: ReactNode;
  /** Undefined: not known yet. */
  value: ReactNode | undefined;
  /** What it means or how it changed. */
  note?: ReactNode;
  /** That it wants attention, told by shape and word too. */
  alarm?: { status: 'warning' | 'critical' | 'draining'; word: string } | undefined;
  /** A sparkline. */
  aside?: ReactNode;
  /** It could not be read: it is not on its way. */
  isMissing?: boolean;
}

export function Stat({ label, value, note, alarm, aside, isMissing }: StatProps) {
  return (
    <div className="flex min-w-0 flex-col bg-surface px-4 py-3">
      <dt className="truncate text-ink-3 text-xs">{label}</dt>
      <dd className="mt-0.5 flex items-end justify-between gap-2">
        <span className="flex min-w-0 items-baseline gap-2">
          <span className={cx('num font-semibold text-xl', alarm && TONE_TEXT[toneOf(alarm.status)])}>
            {value ?? (isMissing ? '–' : <span className="shimmer my-1.5 block h-4 w-14 rounded-sm bg-idle-soft" />)}
          </span>
          {alarm && (
            <span className={cx('text-xs', TONE_TEXT[toneOf(alarm.status)])}>
              <StatusBadge status={alarm.status} word={alarm.word} />
            </span>
          )}
        </span>
        {aside && <span className="max-xl:hidden">{aside}</span>}
      </dd>
      <dd className="num min-h-4 truncate text-ink-3 text-xs">
        {note ?? (isMissing && value === undefined ? 'could not be loaded' : ' ')}
      </dd>
    </div>
  );
}
