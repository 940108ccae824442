import type { Config } from './config.js';
import type { Committer } from './domain/commit/committer.js';
import { operate } from './domain/commit/operate.js';
import { EventFeed } from './domain/event/feed.js';
import type { Loop } from './loops/loop.js';
import { pruneEvents } from './loops/prune-events.js';
import type { Store } from './store/store.js';
import type { Telemetry } from './telemetry/telemetry.js';

interface Parts {
  config: Config;
  store: Store;
  telemetry: Pick<Telemetry, 'log'>;
}

/** What latency rests on for the commits of other servers. */
const FIND_EVERY_MS = 250;
const PRUNE_EVERY_MS = 10_000;
const NO_APPLICATION = 0;

/** Undefined when the server keeps no events. */
export function createEventFeed({ config, store, telemetry }: Parts): EventFeed | undefined {
  if (!config.events) return undefined;
  return new EventFeed({
    reads: store.reads,
    maxStreams: config.maxEventStreams,
    onError: (error) => telemetry.log.error({ err: error }, 'the log of events could not be read'),
  });
}

export function eventLoops({ config, store }: Pick<Parts, 'config' | 'store'>, committer: Committer, feed: EventFeed): Loop[] {
  const prune = () => operate(committer, NO_APPLICATION, (group) => pruneEvents(group, config), { background: true });
  const loops: Loop[] = [
    { name: 'beat-events', everyMs: config.eventHeartbeatMs, run: async () => feed.beat() },
    {
      name: 'prune-events',
      everyMs: PRUNE_EVERY_MS,
      onLeader: true,
      run: async () => ((await prune()).more ? { inMs: 0 } : undefined),
    },
  ];
  return store.peers ? [...loops, { name: 'find-events', everyMs: FIND_EVERY_MS, run: async () => feed.wake() }] : loops;
}
