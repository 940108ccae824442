import type { JobRef } from './jobs.js';
import type { Json } from './json.js';
import type { DeliveryOutcome, LeaseLostReason, WorkerOrder, WorkerState } from './states.js';

export interface WorkerBootstrap {
  workerName: string;
  supportedHandlers: string[];
  /** The same instanceId gives the same workerId, also after a restart. Default: a new one. */
  instanceId?: string;
  pool?: string;
  environment?: string;
  version?: string;
  sdkVersion?: string;
  hostName?: string;
  pid?: number;
  /** Jobs that it takes at a time; without it the server cannot tell how much of the worker is in use. 1 to 100,000. */
  concurrency?: number;
  metadata?: { [key: string]: Json };
}

export interface WorkerSession {
  workerId: string;
  /** Send as `x-worker-session` with every later call of this worker. */
  sessionToken: string;
  /** Highest protocol of the server, `MAJOR.MINOR`. */
  protocol: string;
  /** Milliseconds. */
  leaseMs: number;
  heartbeatIntervalMs: number;
  application: string;
  observability: { traces: boolean };
}

export interface Heartbeat {
  workerId: string;
  state: WorkerState;
  /** Jobs in flight; their leases are extended. */
  jobs: JobRef[];
  inFlight: number;
  /** Totals of the session. */
  processed: number;
  failed: number;
  /** 0 to 100 of one core. */
  cpuPercent?: number;
  /** Resident set in MiB. */
  memoryMb?: number;
  lastError?: string;
}

export interface HeartbeatReply {
  order: WorkerOrder;
  /** Ids of the jobs whose leases were extended, with the milliseconds they have left. */
  extended: { id: string; leaseMs: number }[];
  lost: { id: string; fencingToken: number; reason: LeaseLostReason }[];
}

export interface WorkerShutdown {
  workerId: string;
  reason?: string;
  /** Why it could not go on; absent when it was told to stop. */
  error?: string;
}

export interface Worker {
  id: string;
  name: string;
  instanceId: string;
  application: string;
  pool: string;
  handlers: string[];
  state: WorkerState | 'offline';
  order: WorkerOrder;
  environment?: string;
  version?: string;
  sdkVersion?: string;
  hostName?: string;
  pid?: number;
  /** Absent when it did not say. */
  concurrency?: number;
  inFlight: number;
  processed: number;
  failed: number;
  cpuPercent?: number;
  memoryMb?: number;
  lastError?: string;
  startedAt: string;
  lastSeenAt: string;
}

/** A job that a worker holds. */
export interface WorkerJob {
  stageId: string;
  /** Its name. */
  stage: string;
  handler: string;
  pipelineId: string;
  /** Its name. */
  pipeline: string;
  fencingToken: number;
  /** RFC 3339; when it was delivered. */
  startedAt: string;
  leaseExpiresAt: string;
}

export const WORKER_HAPPENINGS = ['worker_started', 'worker_drained', 'worker_stopped', 'stage_leased'] as const;

/** Something that a worker did: it opened or ended a session, was told to drain, or took a job. */
export interface WorkerHappening {
  type: (typeof WORKER_HAPPENINGS)[number];
  /** RFC 3339. */
  at: string;
  workerId: string;
  /** Its name; absent from jobs. */
  worker?: string;
  pipelineId?: string;
  /** Of a job that it took. */
  stageId?: string;
  /** Name of the stage. */
  stage?: string;
  /** 1 for the first delivery that counts. */
  attempt?: number;
  /** How that delivery ended; absent while it runs, and when its pipeline is gone. */
  outcome?: DeliveryOutcome;
  finishedAt?: string;
}
