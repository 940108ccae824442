import type { ComponentHealth, HealthReport } from './http/index.js';
import type { Store } from './store/store.js';

export interface HealthDeps {
  store: Pick<Store, 'reads'>;
  queued(): number;
  parkedPulls(): number;
  /** Milliseconds; from here on the database counts as slow. */
  slowMs: number;
  now(): number;
}

/** One look at every part of the server. */
export async function checkHealth(deps: HealthDeps): Promise<HealthReport> {
  const database = await checkDatabase(deps);
  const issues = database.issues;
  return {
    status: database.status,
    components: {
      database,
      committer: { status: 'healthy', issues: [], queued: deps.queued(), parked_pulls: deps.parkedPulls() },
    },
    metrics: { queued_requests: deps.queued(), parked_pulls: deps.parkedPulls() },
    issues,
    database: database.status === 'unhealthy' ? 'disconnected' : 'connected',
  };
}

async function checkDatabase({ store, now, slowMs }: HealthDeps): Promise<ComponentHealth> {
  const startedAt = now();
  try {
    await store.reads.countApiKeys();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { status: 'unhealthy', latency_ms: now() - startedAt, issues: [`The database cannot be read: ${reason}`] };
  }
  const latency = now() - startedAt;
  const slow = latency > slowMs;
  return {
    status: slow ? 'degraded' : 'healthy',
    latency_ms: latency,
    issues: slow ? [`The database took ${latency} ms for a small read.`] : [],
  };
}
