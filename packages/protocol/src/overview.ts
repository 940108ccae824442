/** `GET /observability/overview`: what an application has going on at this moment. */
export interface Overview {
  /** RFC 3339; when it was read. */
  at: string;
  stages: OverviewStages;
  pipelines: OverviewPipelines;
  /** Handlers with stages that run or wait for a worker, the busiest first; 100 at most. */
  handlers: OverviewHandler[];
  workers: OverviewWorkers;
  /** Pools with workers that are online, by name; 100 at most. */
  pools: OverviewPool[];
  /** Alerts that are not resolved. `muted` of the open ones are silenced, or told of by another one. */
  incidents: { open: number; acknowledged: number; muted: number };
}

export interface OverviewStages {
  /** With a worker. */
  running: number;
  /** Ready for a worker. */
  ready: number;
  /** Since when the one waits that has waited longest; absent when none does. */
  oldestReadyAt?: string;
  /** Where counting stops: there may be more when `running` or `ready` is this. */
  countedTo: number;
}

export interface OverviewPipelines {
  running: number;
  paused: number;
  notStarted: number;
  /** As `stages.countedTo`, for each of them. */
  countedTo: number;
}

export interface OverviewHandler {
  handler: string;
  running: number;
  ready: number;
  oldestReadyAt?: string;
}

export interface OverviewWorkers {
  /** Heard of within three heartbeat intervals, and not stopped. */
  online: number;
  /** Of those that are online now or were since, how many were so an hour ago. */
  onlineHourAgo: number;
  draining: number;
}

export interface OverviewPool {
  pool: string;
  workers: number;
  /** Jobs that its workers have at the moment, as they said last. */
  inFlight: number;
  /** Jobs that they take at a time; of those that say so. */
  slots: number;
  /** Jobs that those have. */
  slotsUsed: number;
}
