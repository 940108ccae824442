import type { Config } from '../config.js';
import { MISSED_BEATS } from '../domain/worker/workers.js';
import type { HealthReads, Reads } from '../store/store.js';
import { type Finding, Findings } from './finding.js';

/** Handlers with waiting work that are looked at, and lists of handlers that workers have. */
const HANDLERS = 200;
const LISTS = 1_000;
/** Below this part of them alive the workers count as ill. */
const HEALTHY_RATIO = 0.8;

type WorkerConfig = Pick<Config, 'heartbeatIntervalMs' | 'silentWorkersMs' | 'missingWorkersMs'>;

/** Who is there to work, and whether work waits that nobody is there for. Of all applications together, so without names. */
export async function checkWorkers(reads: HealthReads & Pick<Reads, 'now'>, config: WorkerConfig): Promise<Finding> {
  const now = await reads.now();
  const liveSince = now - MISSED_BEATS * config.heartbeatIntervalMs;
  const [{ live, silent }, waiting] = await Promise.all([
    reads.workerCounts(liveSince, liveSince - config.silentWorkersMs),
    reads.waitingHandlers(HANDLERS),
  ]);
  const overdue = waiting.filter(({ ready_at }) => now - ready_at >= config.missingWorkersMs);
  const served = overdue.length > 0 ? await servedOf(reads, liveSince) : new Set<string>();
  const unserved = overdue.filter(({ application_id, handler }) => !served.has(keyOf(application_id, handler)));
  const total = live + silent;
  const ratio = total === 0 ? 1 : live / total;
  const findings = new Findings();
  if (unserved.length > 0) findings.add('degraded', 'Work waits for handlers that no live worker has.');
  if (ratio < HEALTHY_RATIO) findings.add('degraded', 'Many workers have fallen silent.');
  return findings.with({
    total,
    healthy: live,
    stale: silent,
    health_ratio: ratio,
    unserved_handlers: unserved.length,
    longest_unserved_ms: Math.max(0, ...unserved.map(({ ready_at }) => now - ready_at)),
  });
}

const keyOf = (applicationId: number, handler: string) => `${applicationId} ${handler}`;

async function servedOf(reads: HealthReads, liveSince: number): Promise<Set<string>> {
  const rows = await reads.servedHandlers(liveSince, LISTS);
  return new Set(
    rows.flatMap(({ application_id, handlers }) => (JSON.parse(handlers) as string[]).map((name) => keyOf(application_id, name))),
  );
}
