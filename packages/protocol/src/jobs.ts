import type { SettleError, StageErrorCode } from './errors.js';
import type { Json } from './json.js';
import type { LogLevel, StageError, StageSpec } from './pipelines.js';
import type { StageStatus } from './states.js';

/** A stage handed to a worker: one delivery, under a lease. */
export interface StageJob {
  /** The stage's id; with `fencingToken` it names the delivery. */
  id: string;
  pipelineId: string;
  pipelineName: string;
  stage: string;
  handler: string;
  /** Grows with every delivery of the stage; every settle call must carry it. */
  fencingToken: number;
  /** 1 for the first attempt. */
  attempt: number;
  maxAttempts: number;
  /** `00-{trace id}-{span id of the stage}-{flags}`. */
  traceparent: string;
  tracestate?: string;
  input: Json;
  /** The output of the only dependency, else null. */
  previousOutput: Json;
  /** Outputs of the dependencies by stage name. */
  outputs: { [stage: string]: Json };
  /** Handler of each dependency by stage name. */
  outputHandlers: { [stage: string]: string };
  context: { [key: string]: Json };
  /**
   * True when outputs and context exceed 256 KiB together: `previousOutput`, `outputs` and `context` are then empty and
   * `GET /jobs/{id}/payload` has them.
   */
  payloadByReference?: boolean;
  /** Stable across the attempts of a stage, new on rerun. */
  idempotencyKey: string;
  /** Milliseconds left of the lease when the answer was made. Count these on your own clock. */
  leaseMs: number;
  /** RFC 3339, by the server's clock. */
  leaseExpiresAt: string;
  /** Milliseconds left until the delivery is timed out. */
  timeoutMs: number;
  /** RFC 3339, by the server's clock. */
  deadline: string;
}

/** One page of `GET /jobs/{id}/payload?fencingToken=&cursor=`. */
export interface JobPayloadPage {
  outputs: { [stage: string]: Json };
  context: { [key: string]: Json };
  nextCursor: string | null;
}

export interface JobRef {
  id: string;
  fencingToken: number;
}

/** A context write committed with the ack. */
export interface ContextWrite {
  key: string;
  value: Json;
  sensitive?: boolean;
}

/** A figure that a handler measured. */
export interface Measure {
  /** 1 to 200 characters. Names are bounded: put ids and the like nowhere in it. */
  name: string;
  /** From -1e15 to 1e15. */
  value: number;
  /** 1 to 50 characters. Figures of one name in two units are two measures. */
  unit?: string;
}

export interface Ack extends JobRef {
  output?: Json;
  context?: ContextWrite[];
  /** Counted once, when this ack completes its stage. At most 1,000. */
  measures?: Measure[];
  /** Stages to add, at most 1,000: what depends on this stage waits for them too. Without `dependsOn` they start at once. */
  spawn?: StageSpec[];
}

export interface Nack extends JobRef {
  error: StageError;
  /** False: no further attempt. Default true. */
  retryable?: boolean;
  /** Milliseconds until the next attempt instead of the backoff. */
  retryAfterMs?: number;
}

/** Gives the job back without spending an attempt. */
export interface Release extends JobRef {
  /** Milliseconds until it may be delivered again; default 0. */
  delayMs?: number;
}

export interface SettleBatch {
  acks?: Ack[];
  nacks?: Nack[];
  releases?: Release[];
}

export type SettleResult =
  | {
      id: string;
      /** The stage's status after this settle. */
      status: StageStatus;
      /** True when an earlier call with the same token had already settled it the same way. */
      repeated?: boolean;
      /** Set when the server failed the stage in spite of the ack. */
      failedBecause?: StageErrorCode;
    }
  | { id: string; error: SettleError };

export interface PullRequest {
  workerId: string;
  /** Grows by one with every new pull of a session; repeat it to get the same jobs again after a lost answer. */
  pullSeq: number;
  handlers: string[];
  maxJobs: number;
  /** Milliseconds to wait for work, at most 30,000; default 0. A pull that settles answers at once. */
  waitMs?: number;
  settle?: SettleBatch;
  /** Sequence numbers of pulls whose answers never arrived and that will not be repeated: their jobs are released. */
  abandonedPulls?: number[];
}

/** Settle results in the order acks, nacks, releases. */
export interface PullResponse {
  jobs: StageJob[];
  settled?: SettleResult[];
}

export interface AckRequest {
  workerId: string;
  acks: Ack[];
}
export interface NackRequest {
  workerId: string;
  nacks: Nack[];
}
export interface ReleaseRequest {
  workerId: string;
  releases: Release[];
}
export interface SettleResponse {
  settled: SettleResult[];
}

/** Fenced report of a running job. */
export interface ProgressRequest {
  workerId: string;
  reports: ProgressReport[];
}
export interface ProgressReport extends JobRef {
  /** 0 to 1. */
  ratio?: number;
  message?: string;
  /** Context writes that must not wait for the ack. */
  context?: ContextWrite[];
  /** Figures that count whatever becomes of the delivery; when the report is repeated, they count again. */
  measures?: Measure[];
}
export interface ProgressResponse {
  results: ({ id: string } | { id: string; error: SettleError })[];
}

export interface LogLine extends JobRef {
  level: LogLevel;
  message: string;
  fields?: { [key: string]: Json };
  /** RFC 3339, by the worker's clock. */
  loggedAt: string;
}
export interface LogsRequest {
  workerId: string;
  lines: LogLine[];
}
export interface LogsResponse {
  accepted: number;
}
