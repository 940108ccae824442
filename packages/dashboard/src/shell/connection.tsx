import { type LiveState, useLiveState } from '../api/live.js';
import { live } from '../api/live-topics.js';
import { cx } from '../lib/cx.js';
import { Tooltip } from '../ui/tooltip.js';

const LOOKS: Record<LiveState, { word: string; dot: string; help: string }> = {
  idle: { word: 'Connecting', dot: 'border border-ink-3', help: 'Waiting for the server.' },
  connecting: { word: 'Connecting', dot: 'border border-ink-3 shimmer', help: 'Waiting for the server.' },
  live: { word: 'Live', dot: 'bg-ok', help: 'Changes show as they happen.' },
  reconnecting: {
    word: 'Reconnecting',
    dot: 'bg-warn shimmer',
    help: 'The stream of changes was cut. What is shown may be a moment old.',
  },
  offline: {
    word: 'Offline',
    dot: 'rounded-[2px] bg-bad',
    help: 'The server does not answer. What is shown is what was read last. Press to try again.',
  },
};

/** Whether what is shown is the present. */
export function Connection() {
  const state = useLiveState(live);
  const { word, dot, help } = LOOKS[state];
  return (
    <Tooltip content={help}>
      <button
        type="button"
        data-testid="connection"
        data-state-live={state}
        onClick={live.retry}
        className="flex h-7 items-center gap-2 rounded-md px-2 text-ink-2 text-xs hover:bg-hover"
      >
        <span aria-hidden className={cx('size-2 rounded-full', dot)} />
        <span role="status">{word}</span>
      </button>
    </Tooltip>
  );
}
