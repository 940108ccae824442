import type { ApplicationKpis } from '../../domain/insight/kpis.js';
import type { PoolFigures, QueueDepth, ReadyStages, RunningStages, WorkerGroup } from '../../store/metric-rows.js';

/** Where figures come from that are read when somebody looks. */
export interface MetricSources {
  applications(): Promise<readonly { id: number; name: string }[]>;
  /** Of the committer. */
  queue(): { requests: number; bytes: number; parkedPulls: number };
  /** Of the `handlers` first handlers that have any, and of all others together, by application. */
  queueDepths(handlers: number): Promise<{ byHandler: readonly QueueDepth[]; others: readonly ReadyStages[] }>;
  runningStages(): Promise<readonly RunningStages[]>;
  workerGroups(): Promise<readonly WorkerGroup[]>;
  /** Bytes; the log of changes only where there is one. */
  databaseSize(): Promise<{ bytes: number; walBytes: number | undefined }>;
  pools(): readonly PoolFigures[];
  kpis(): Promise<readonly ApplicationKpis[]>;
}
