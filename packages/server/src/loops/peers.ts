import type { Committer } from '../domain/commit/committer.js';
import type { PipelineWaits } from '../domain/pipeline/waits.js';
import type { Store } from '../store/store.js';
import type { Leadership } from './leadership.js';
import type { Loop } from './loop.js';

/** What latency rests on when no hint comes through. */
const POLL_EVERY_MS = 250;
const LEAD_EVERY_MS = 3_000;

/** What one of several servers on a database does beside its own work: find what the others made ready or ended, and lead or not. */
export function peerLoops(
  { reads }: Pick<Store, 'reads'>,
  committer: Committer,
  waits: PipelineWaits,
  { leadership, onTaken }: { leadership: Leadership; onTaken: () => void },
): Loop[] {
  return [
    { name: 'lead', everyMs: LEAD_EVERY_MS, run: async () => ((await leadership.keep()).taken ? onTaken() : undefined) },
    {
      name: 'find-ready',
      everyMs: POLL_EVERY_MS,
      run: async () => {
        if (committer.parked > 0) committer.wake(await reads.readyAmong(committer.awaited()));
      },
    },
    {
      name: 'find-ended',
      everyMs: POLL_EVERY_MS,
      run: async () => {
        const ids = waits.ids();
        if (ids.length > 0) waits.ended(await reads.endedAmong(ids));
      },
    },
  ];
}
