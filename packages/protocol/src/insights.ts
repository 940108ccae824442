/** How values are distributed. Times are milliseconds; percentiles are within 1 % of exact, by nearest rank: of ten values p95 is the greatest. */
export interface Distribution {
  count: number;
  mean: number;
  min: number;
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
}

/** `GET /observability/insights`. */
export interface InsightQuery {
  /** The time up to now: a number of minutes, hours or days, as `15m`, `24h`, `7d`. Default `24h`; 400 days at most. Not with `from`. */
  range?: string;
  /** RFC 3339. */
  from?: string;
  /** RFC 3339; default now. */
  to?: string;
  /** Name of the application: figures of nothing unless it is the caller's. */
  application?: string;
  /** Name of the pipelines. */
  pipeline?: string;
  handler?: string;
  /** Rows of each list: 1 to 200, default 20. */
  limit?: number;
}

/** Stages of one name and handler in pipelines of one name; those that were spawned have `(spawned)` for their name. An attempt is a delivery that was not given back or taken away. */
export interface StageInsight {
  pipeline: string;
  stage: string;
  handler: string;
  /** Stages that were completed. */
  completed: number;
  /** Stages that failed for good. */
  failed: number;
  /** Attempts that failed, timed out or expired. */
  failedAttempts: number;
  /** Of them, those that another attempt followed. */
  retries: number;
  /** `failedAttempts` of all attempts; null without any. */
  failureRate: number | null;
  /** Completed stages that needed more than one attempt, of all completed ones; null without any. */
  flakyRate: number | null;
  /** From the lease to its end; null without any. */
  runTime: Distribution | null;
  /** From ready to leased. */
  queueWait: Distribution | null;
}

/** All stages of one handler. */
export type HandlerInsight = Omit<StageInsight, 'pipeline' | 'stage'>;

/** Pipelines of one name. */
export interface PipelineInsight {
  pipeline: string;
  completed: number;
  failed: number;
  cancelled: number;
  /** Completed of completed and failed; null without any. */
  successRate: number | null;
  /** From its start to its end, reruns left out. */
  duration: Distribution | null;
  /** From its creation to its first completed stage. */
  feedback: Distribution | null;
}

/** The workers of one pool that say how many jobs they take at a time. */
export interface PoolInsight {
  pool: string;
  /** `busySeconds` of `slotSeconds`. */
  utilisation: number | null;
  /** Time of slots with a job, as the beats of the workers saw it. */
  busySeconds: number;
  /** Time of all slots, from beat to beat: a worker that takes ten jobs has ten slots. */
  slotSeconds: number;
}

/** A figure that handlers measured with `job.measure`. */
export interface MeasureInsight {
  name: string;
  unit: string | null;
  pipeline: string;
  handler: string;
  /** Of all values. */
  sum: number;
  /** In the unit that was measured. Percentiles are within 1 % of exact; values nearer to zero than 1e-9 are taken for zero in them. */
  values: Distribution;
}

/** What ended within `resolutionMs` from `at` on. */
export interface InsightPoint {
  at: string;
  completedStages: number;
  failedStages: number;
  completedPipelines: number;
  failedPipelines: number;
}

/** Stages whose p95 run time grew by a quarter or more against as long a time before, with 30 or more runs in both. */
export interface Regression {
  pipeline: string;
  stage: string;
  handler: string;
  /** Milliseconds. */
  p95: number;
  p95Before: number;
  /** `p95` of `p95Before`. */
  ratio: number;
}

/** How many values lie at or below a bound, and above the one before it. */
export interface DurationBucket {
  /** Milliseconds; null in the last one, which has no bound. */
  upToMs: number | null;
  count: number;
}

export interface InsightSummary {
  /** Pipelines that ended. */
  completed: number;
  failed: number;
  cancelled: number;
  successRate: number | null;
  completedStages: number;
  failedStages: number;
  failedAttempts: number;
  retries: number;
  failureRate: number | null;
  flakyRate: number | null;
  /** Of the time of all slots of workers that beat, the share with a job; null when narrowed to a pipeline or handler, or without any. */
  utilisation: number | null;
  /** Completed stages a second. */
  throughput: number;
  /** Time that workers held leases that ended: the sum of all run times, seconds. */
  computeSeconds: number;
  runTime: Distribution | null;
  queueWait: Distribution | null;
  duration: Distribution | null;
  feedback: Distribution | null;
}

/** `POST /observability/marks`: something was deployed. */
export interface CreateMark {
  /** 1 to 200 characters. */
  version: string;
  /** 1 to 200 characters. */
  title?: string;
  /** An http or https address, 2,000 characters at most. */
  link?: string;
  /** Name of the pipelines that it changes; default: all of the application. */
  pipeline?: string;
  environment?: string;
  /** RFC 3339; default now. A minute ahead at most. */
  at?: string;
  /** A second mark with the same key is not made. */
  idempotencyKey?: string;
}

/** A deployment. */
export interface Mark {
  id: string;
  version: string;
  title?: string;
  link?: string;
  pipeline?: string;
  environment?: string;
  /** RFC 3339. */
  at: string;
  /** `key:<id>` of the API key, or `local`. */
  createdBy: string;
}

export interface MarkCreated extends Mark {
  /** False when an earlier call with the same key had made it. */
  created: boolean;
}

/** What ran within some time. */
export interface MarkFigures {
  from: string;
  to: string;
  /** Deliveries that were completed, failed, timed out or expired. */
  attempts: number;
  /** Failed ones of all attempts; null without any. */
  failureRate: number | null;
  /** p95 of the run time of stages, ms; null without any. */
  runTimeP95: number | null;
  /** Pipelines that were completed or failed. */
  runs: number;
  /** p95 of the duration of pipelines, ms. */
  durationP95: number | null;
}

/**
 * A mark between as long a time before it as after it. Both are whole minutes, or hours or days where minutes are no longer kept; the one in
 * which the mark lies is left out.
 */
export interface MarkInsight extends Mark {
  before: MarkFigures;
  after: MarkFigures;
  /** Whether both have 30 attempts: with fewer, differences say nothing. */
  enough: boolean;
  /** Stages that became slower, by how much; those with 30 runs or more in both. */
  regressions: Regression[];
}

/** Figures of one application; lists hold at most `limit` rows. */
export interface Insights {
  /** RFC 3339; the begin of the first period and the end of the last one that were counted. */
  from: string;
  to: string;
  /** Length of a point: a minute, an hour or a day (of UTC). */
  resolutionMs: number;
  /**
   * True when the pipeline or handler that was asked for is not told apart, for the application has more series than it may: what it did is
   * counted as `(other)`, and missing here.
   */
  folded: boolean;
  summary: InsightSummary;
  /** Periods in which something ended, oldest first. */
  points: InsightPoint[];
  /** By p95 of the run time. */
  slowestStages: StageInsight[];
  /** By p95 of the duration. */
  slowestPipelines: PipelineInsight[];
  /** By attempts. */
  handlers: HandlerInsight[];
  /** By failed attempts; only stages that have any. */
  hotspots: StageInsight[];
  /** By flaky rate; only stages that have one above 0. */
  flaky: StageInsight[];
  regressions: Regression[];
  durations: DurationBucket[];
  /** By size; none when narrowed to a pipeline or handler. */
  pools: PoolInsight[];
  /** The latest 5 marks of this time, each compared over an hour or, when that is shorter, the time since. */
  marks: MarkInsight[];
  /** By how often they were measured. */
  measures: MeasureInsight[];
}

/** Failures that are alike: of one handler, by one code, with messages that differ only in ids, numbers, times, paths and addresses. */
export interface ErrorGroup {
  /** 16 hex digits. */
  fingerprint: string;
  handler: string;
  code: string;
  /** With placeholders for what differs. */
  message: string;
  /** Attempts that failed so. */
  count: number;
  /** Stages that failed so for good. */
  failedStages: number;
  firstSeenAt: string;
  lastSeenAt: string;
  /** The latest ones, newest first. */
  examples: { stageId: string; pipelineId: string; at: string }[];
}
