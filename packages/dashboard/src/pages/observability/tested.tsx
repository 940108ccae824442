import type { IntegrationTested } from '@pipelogiq/protocol';
import { cx } from '../../lib/cx.js';
import { formatDuration } from '../../lib/format.js';
import { StatusIcon } from '../../ui/status.js';

/** What a test answered: an answer too when it failed. */
export function Tested({ tested: { ok, message, durationMs }, className }: { tested: IntegrationTested; className?: string }) {
  return (
    <div
      role="status"
      className={cx(
        'flex items-start gap-2 rounded-md px-3 py-2 text-sm',
        ok ? 'bg-ok-soft text-ok' : 'bg-bad-soft text-bad',
        className,
      )}
    >
      <StatusIcon status={ok ? 'completed' : 'failed'} className="mt-1" />
      <span className="min-w-0 grow break-words">{message || 'Nothing is sent anywhere, so there is nothing to test.'}</span>
      <span className="num shrink-0">{formatDuration(durationMs)}</span>
    </div>
  );
}
