import type { Worker, WorkerSnapshot } from '../../worker/worker.js';
import { statusOf } from '../metrics/worker-metrics.js';
import type { Component, HealthChecks, HealthStatus } from './checks.js';

/** `GET /health`. */
export interface HealthReport {
  status: HealthStatus;
  timestamp: string;
  uptime_seconds: number;
  components: { [name: string]: Component };
  /** The same as `components`. */
  checks: { [name: string]: Component };
  metrics: { jobs_processed: number; jobs_failed: number; jobs_running: number; jobs_queued: number };
  issues: string[];
}

/** `GET /health/ready`. */
export interface Readiness {
  status: 'ready' | 'not_ready';
  ready: boolean;
  timestamp: string;
  reasons: string[];
}

/** `GET /health/live`. */
export interface Liveness {
  status: 'alive';
  timestamp: string;
  uptime_seconds: number;
}

export interface HealthSources {
  checks: HealthChecks;
  workers(): readonly Worker[];
  now(): number;
}

const uptime = (): number => Math.round(process.uptime() * 10) / 10;

export const liveness = ({ now }: HealthSources): Liveness => ({
  status: 'alive',
  timestamp: new Date(now()).toISOString(),
  uptime_seconds: uptime(),
});

export async function healthReport(sources: HealthSources): Promise<HealthReport> {
  const snapshots = sources.workers().map((worker) => worker.snapshot());
  const components = Object.fromEntries([
    ...(snapshots.length > 0 ? [['workers', workersComponent(snapshots)] as const] : []),
    ...(await sources.checks.run()),
  ]);
  const total = (value: (snapshot: WorkerSnapshot) => number) => snapshots.reduce((sum, snapshot) => sum + value(snapshot), 0);
  return {
    status: worst(Object.values(components)),
    timestamp: new Date(sources.now()).toISOString(),
    uptime_seconds: uptime(),
    components,
    checks: components,
    metrics: {
      jobs_processed: total(({ processed }) => processed),
      jobs_failed: total(({ failed }) => failed),
      jobs_running: total(({ running }) => running),
      jobs_queued: total(({ queued }) => queued),
    },
    issues: Object.entries(components).flatMap(([name, { issues }]) => issues.map((issue) => `${name}: ${issue}`)),
  };
}

/**
 * Ready when every worker pulls and no critical check is unhealthy.
 *
 * @param options.withIssues - whether reasons repeat the issues of checks: errors, which may quote addresses, names and queries
 */
export async function readiness(sources: HealthSources, { withIssues }: { withIssues: boolean }): Promise<Readiness> {
  const snapshots = sources.workers().map((worker) => worker.snapshot());
  const checks = await sources.checks.run();
  const reasons = [
    ...snapshots.flatMap((snapshot) => {
      const status = statusOf(snapshot);
      return status === 'running' ? [] : [`worker ${snapshot.name} is ${IN_WORDS[status]}`];
    }),
    ...[...checks].flatMap(([name, { status, issues }]) => {
      return status === 'unhealthy' ? [`${name}: ${(withIssues && issues.join(', ')) || 'unhealthy'}`] : [];
    }),
  ];
  const ready = reasons.length === 0;
  return {
    status: ready ? 'ready' : 'not_ready',
    ready,
    timestamp: new Date(sources.now()).toISOString(),
    reasons: ready ? ['All systems operational'] : reasons,
  };
}

const IN_WORDS: Record<ReturnType<typeof statusOf>, string> = {
  idle: 'not started',
  starting: 'starting',
  running: 'running',
  disconnected: 'disconnected from the control plane',
  draining: 'draining',
  stopped: 'stopped',
  failed: 'failed',
};

function workersComponent(snapshots: readonly WorkerSnapshot[]): Component {
  const workers = snapshots.map((snapshot) => ({
    name: snapshot.name,
    status: statusOf(snapshot),
    worker_id: snapshot.workerId ?? null,
    uptime_seconds: Math.round(snapshot.uptimeMs / 100) / 10,
    task_count: snapshot.processed,
    error_count: snapshot.failed,
  }));
  const inState = (...states: string[]) => workers.filter(({ status }) => states.includes(status));
  const failed = inState('failed');
  const limited = inState('disconnected', 'starting');
  return {
    status: failed.length > 0 ? 'unhealthy' : limited.length > 0 ? 'degraded' : 'healthy',
    total: workers.length,
    running: inState('running').length,
    failed: failed.length,
    total_errors: workers.reduce((sum, { error_count }) => sum + error_count, 0),
    workers,
    issues: [...failed, ...limited].map(({ name, status }) => `worker ${name} is ${IN_WORDS[status]}`),
  };
}

function worst(components: readonly Component[]): HealthStatus {
  if (components.some(({ status }) => status === 'unhealthy')) return 'unhealthy';
  return components.some(({ status }) => status === 'degraded') ? 'degraded' : 'healthy';
}
