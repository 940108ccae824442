import { useSyncExternalStore } from 'react';
import { formatDuration, formatExact, formatRelative } from '../lib/format.js';
import { Tooltip } from './tooltip.js';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for the page, so that all times move together; it stands still when nobody looks at one. */
function subscribe(listener: () => void): () => void {
  if (timer === undefined) now = Date.now(); // it stood still
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Epoch milliseconds, moving every second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

/** A moment: how long ago, and on pointing or focus exactly when. */
export function Time({ at }: { at: string }) {
  const moment = Date.parse(at);
  const text = formatRelative(moment, Math.max(useNow(), Date.now() - 1_000));
  return (
    <Tooltip content={formatExact(moment)}>
      <time dateTime={at} className="num whitespace-nowrap">
        {text}
      </time>
    </Tooltip>
  );
}

/** A length of time; with `since` and no `until` it goes on. */
export function Duration({ since, until }: { since: string | undefined; until?: string | undefined }) {
  const current = useNow();
  if (!since) return <span className="text-ink-3">–</span>;
  const end = until ? Date.parse(until) : Math.max(current, Date.now() - 1_000);
  return <span className="num whitespace-nowrap">{formatDuration(Math.max(end - Date.parse(since), 0))}</span>;
}
