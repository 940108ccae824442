import type { ReactNode } from 'react';
import { cx } from '../lib/cx.js';
import { humanize } from '../lib/format.js';
import { type StatusTone, TONE_SOFT, TONE_TEXT } from './tone.js';

type Shape = 'check' | 'cross' | 'arc' | 'ring' | 'clock' | 'dots' | 'bars' | 'slash' | 'skip' | 'diamond' | 'dot' | 'triangle';

const stroke = {
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const;
const knocked = { ...stroke, stroke: 'var(--surface)' } as const;

/** Each drawn in a square of twelve. */
const SHAPES: Record<Shape, ReactNode> = {
  check: (
    <>
      <circle cx="6" cy="6" r="5.5" fill="currentColor" />
      <path d="M3.6 6.2 5.3 7.9 8.5 4.4" {...knocked} />
    </>
  ),
  cross: (
    <>
      <path d="M3.7.5h4.6l3.2 3.2v4.6l-3.2 3.2H3.7L.5 8.3V3.7z" fill="currentColor" />
      <path d="m4.2 4.2 3.6 3.6m0-3.6L4.2 7.8" {...knocked} />
    </>
  ),
  arc: (
    <>
      <circle cx="6" cy="6" r="4.7" {...stroke} opacity="0.3" />
      <path
        d="M6 1.3A4.7 4.7 0 0 1 10.7 6"
        {...stroke}
        className="turning"
        style={{ transformOrigin: '6px 6px', transformBox: 'view-box' }}
      />
    </>
  ),
  ring: <circle cx="6" cy="6" r="4.7" {...stroke} />,
  clock: (
    <>
      <circle cx="6" cy="6" r="4.9" {...stroke} />
      <path d="M6 3.4V6l1.8 1.2" {...stroke} />
    </>
  ),
  dots: (
    <>
      <circle cx="6" cy="6" r="4.9" {...stroke} strokeDasharray="1.5 2.1" />
      <circle cx="6" cy="6" r="1.6" fill="currentColor" />
    </>
  ),
  bars: <path d="M4 2.2v7.6M8 2.2v7.6" {...stroke} strokeWidth={2.2} />,
  slash: (
    <>
      <circle cx="6" cy="6" r="4.9" {...stroke} />
      <path d="m2.7 9.3 6.6-6.6" {...stroke} />
    </>
  ),
  skip: <path d="m2 2.5 3.6 3.5L2 9.5m4.2-7L9.8 6 6.2 9.5" {...stroke} />,
  diamond: (
    <>
      <path d="M6 .8 11.2 6 6 11.2.8 6z" {...stroke} />
      <path d="M4 6h4" {...stroke} />
    </>
  ),
  dot: <circle cx="6" cy="6" r="3" fill="currentColor" />,
  triangle: (
    <>
      <path d="M6 .9 11.5 10.8H.5z" fill="currentColor" stroke="currentColor" strokeLinejoin="round" />
      <path d="M6 4.3v3M6 9.1v.1" {...knocked} strokeWidth={1.4} />
    </>
  ),
};

interface Look {
  tone: StatusTone;
  shape: Shape;
  /** Default: the status itself. */
  word?: string;
}

/** How every status of the product looks: of pipelines, stages, deliveries, workers, integrations, schedules and alerts. */
const LOOKS: { readonly [status: string]: Look } = {
  not_started: { tone: 'idle', shape: 'ring' },
  scheduled: { tone: 'idle', shape: 'clock' },
  pending: { tone: 'warn', shape: 'ring' },
  throttled: { tone: 'warn', shape: 'bars' },
  running: { tone: 'run', shape: 'arc' },
  waiting: { tone: 'warn', shape: 'dots' },
  paused: { tone: 'warn', shape: 'bars' },
  completed: { tone: 'ok', shape: 'check' },
  failed: { tone: 'bad', shape: 'cross' },
  skipped: { tone: 'idle', shape: 'skip' },
  cancelled: { tone: 'idle', shape: 'slash' },
  blocked: { tone: 'bad', shape: 'diamond' },
  retried: { tone: 'warn', shape: 'clock' },
  released: { tone: 'idle', shape: 'skip' },
  expired: { tone: 'bad', shape: 'clock' },
  timed_out: { tone: 'bad', shape: 'clock' },
  superseded: { tone: 'idle', shape: 'slash' },
  starting: { tone: 'idle', shape: 'arc' },
  draining: { tone: 'warn', shape: 'dots' },
  stopped: { tone: 'idle', shape: 'slash' },
  offline: { tone: 'bad', shape: 'cross' },
  online: { tone: 'ok', shape: 'dot' },
  ok: { tone: 'ok', shape: 'check' },
  failing: { tone: 'bad', shape: 'triangle' },
  disabled: { tone: 'idle', shape: 'slash' },
  untested: { tone: 'idle', shape: 'ring' },
  not_configured: { tone: 'idle', shape: 'ring' },
  active: { tone: 'ok', shape: 'dot' },
  open: { tone: 'bad', shape: 'triangle' },
  acknowledged: { tone: 'warn', shape: 'dots' },
  resolved: { tone: 'ok', shape: 'check' },
  delivered: { tone: 'ok', shape: 'check' },
  dropped: { tone: 'idle', shape: 'slash' },
  critical: { tone: 'bad', shape: 'triangle' },
  error: { tone: 'bad', shape: 'cross' },
  warning: { tone: 'warn', shape: 'triangle' },
  info: { tone: 'run', shape: 'dot' },
  healthy: { tone: 'ok', shape: 'check' },
  degraded: { tone: 'warn', shape: 'triangle' },
  unhealthy: { tone: 'bad', shape: 'cross' },
};

const lookOf = (status: string): Look => LOOKS[status] ?? { tone: 'idle', shape: 'ring' };
export const toneOf = (status: string): StatusTone => lookOf(status).tone;

export function StatusIcon({ status, size = 12, className }: { status: string; size?: number; className?: string }) {
  const { tone, shape } = lookOf(status);
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 12 12" className={cx('shrink-0', TONE_TEXT[tone], className)}>
      {SHAPES[shape]}
    </svg>
  );
}

/** Shape, word and colour. `soft` stands out of running text; without it, it stands in the column of a table. */
export function StatusBadge({ status, soft = false, word }: { status: string; soft?: boolean; word?: string }) {
  const look = lookOf(status);
  return (
    <span
      className={cx(
        'inline-flex items-center gap-1.5 whitespace-nowrap',
        soft && ['rounded-full px-2 py-0.5 font-medium text-xs', TONE_SOFT[look.tone]],
      )}
    >
      <StatusIcon status={status} />
      {/* The word, not the shape, stands on the line that the text beside it stands on. */}
      <span className="self-baseline">{word ?? look.word ?? humanize(status)}</span>
    </span>
  );
}
