import type { Config } from '../config.js';
import { MISSED_BEATS } from '../domain/worker/workers.js';
import type { HealthReads, Ms, Reads, SilentWorker } from '../store/store.js';
import type { Loop } from './loop.js';

/** Of one look; many that go at once are one outage. */
const TOLD = 100;

interface WatchDeps {
  reads: HealthReads & Pick<Reads, 'now'>;
  config: Pick<Config, 'heartbeatIntervalMs' | 'aliveGapMs'>;
  onSilent(worker: SilentWorker): void;
}

/**
 * Tells once of each worker that has fallen silent. Those that were silent before the start are not told: the server before told them, or
 * was away itself. After a gap of its own it gives them time for a beat.
 */
export function watchWorkersLoop({ reads, config, onSilent }: WatchDeps): Loop {
  const everyMs = config.heartbeatIntervalMs;
  let toldUntil: Ms | undefined;
  let lookedAt: Ms | undefined;
  return {
    name: 'watch-workers',
    everyMs,
    onLeader: true,
    async run() {
      const now = await reads.now();
      const wasAway = lookedAt !== undefined && now - lookedAt > everyMs + config.aliveGapMs;
      const silentBefore = now - MISSED_BEATS * config.heartbeatIntervalMs;
      lookedAt = now;
      if (wasAway) return;
      if (toldUntil !== undefined)
        for (const worker of await reads.silentWorkers(toldUntil, silentBefore, TOLD)) onSilent(worker);
      toldUntil = silentBefore;
    },
  };
}
