import type { Config } from './config.js';
import { applicationKpis } from './domain/insight/kpis.js';
import { MISSED_BEATS } from './domain/worker/workers.js';
import type { Engine } from './engine.js';
import { queueDepths } from './queue-depths.js';
import type { Store } from './store/store.js';
import type { MetricSources } from './telemetry/metrics/sources.js';

/** Rows that one reading may count: some 50 ms of a thread that only reads. */
const COUNTED_ROWS = 1_000_000;
/** So many are counted in one go, some 5 ms; of more, each handler's on their own. */
const FEW_ROWS = 5_000;
const LEASES = 100_000;
const WORKERS = 10_000;
const APPLICATIONS = 100;

/** What metrics read from the parts of a server. */
export function metricSources({ config, store, engine }: { config: Config; store: Store; engine: Engine }): MetricSources {
  const { reads, figures } = store;
  return {
    applications: () => reads.applications(),
    queue: () => engine.queue(),
    queueDepths: (handlers) => queueDepths(reads, { handlers, few: FEW_ROWS, rows: COUNTED_ROWS }),
    runningStages: () => reads.runningStages(LEASES),
    workerGroups: async () => reads.workerGroups((await reads.now()) - MISSED_BEATS * config.heartbeatIntervalMs, WORKERS),
    databaseSize: async () => ({ bytes: await reads.databaseBytes(), walBytes: await figures.walBytes?.() }),
    pools: () => figures.pools?.() ?? [],
    kpis: () => applicationKpis({ ...config, reads }, APPLICATIONS),
  };
}
