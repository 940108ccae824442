import type { Schedule } from '@pipelogiq/protocol';
import { cronWords } from './cron-words.js';

/** The expression in words, with itself beside; alone where words would not be clearer. */
export function Cron({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>) {
  const words = cronWords(cron);
  return (
    <span title={`${cron}, ${timeZone}`}>
      {words ?? ''} <code className={words ? 'hidden font-mono text-ink-3 text-xs lg:inline' : 'font-mono text-xs'}>{cron}</code>
    </span>
  );
}
