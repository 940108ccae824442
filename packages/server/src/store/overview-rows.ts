import type { Ms } from './rows.js';

/** Stages of a handler that wait for a worker. */
export interface ReadyHandler {
  handler: string;
  ready: number;
  oldest_at: Ms;
}

export interface RunningHandler {
  handler: string;
  running: number;
}

/** Workers of a pool that are online. */
export interface OnlinePool {
  pool: string;
  workers: number;
  draining: number;
  in_flight: number;
  slots: number;
  slots_used: number;
}

/** Incidents that are not resolved, of one state. */
export interface OpenIncidents {
  status: 'open' | 'acknowledged';
  incidents: number;
  /** Those of which nobody is told. */
  muted: number;
}

/** What one application has going on. Each counts to `limit` rows at most. */
export interface OverviewReads {
  readyByHandler(applicationId: number, limit: number): Promise<ReadyHandler[]>;
  runningByHandler(applicationId: number, limit: number): Promise<RunningHandler[]>;
  /** Pipelines that are in this state. */
  countPipelines(applicationId: number, status: 'running' | 'paused' | 'not_started', limit: number): Promise<number>;
  /** Who was last seen before `liveSince` or stopped is not online. */
  onlinePools(applicationId: number, liveSince: Ms): Promise<OnlinePool[]>;
  /** Workers that had started by `at`, and were still heard of then. */
  onlineAt(applicationId: number, at: Ms): Promise<number>;
  openIncidents(applicationId: number): Promise<OpenIncidents[]>;
}
