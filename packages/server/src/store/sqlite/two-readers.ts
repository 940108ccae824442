import type { Reads } from '../store.js';

/** Reads that look up a row or a few by key, and on which authentication, sessions, health and live events wait. */
const POINTS = [
  'apiKeyByHash',
  'countApiKeys',
  'worker',
  'pipeline',
  'stagesById',
  'dependencyNames',
  'bulkAction',
  'schedule',
  'hook',
  'hookByName',
  'deliveredPipeline',
  'lastEvent',
  'eventsFrom',
  'workerCounts',
  'waitingHandlers',
  'servedHandlers',
] as const satisfies (keyof Reads)[];

/**
 * Reads by two connections, each in a thread of its own: what looks up a row never waits behind what walks through a table. A filter
 * that few pipelines match, or a count of millions, takes as long as it takes; pulls and heartbeats of workers whose session or key is
 * not known in memory must not.
 */
export function twoReaders(points: Reads, scans: Reads): Reads {
  const own = Object.fromEntries(POINTS.map((name) => [name, (points[name] as (...args: unknown[]) => unknown).bind(points)]));
  return Object.assign(scans, own);
}
