import type { LeaseLostReason, LogLevel, StageError, StageJob, StageStatus } from '@pipelogiq/protocol';

/** A job as events name it. */
export interface JobInfo {
  id: string;
  pipelineId: string;
  pipelineName: string;
  stage: string;
  handler: string;
  attempt: number;
  fencingToken: number;
}

/** Events of a `Worker`, each with one argument. */
export interface WorkerEvents {
  /** Registered; the first pull goes out. */
  started: [{ workerId: string; application: string }];
  job_started: [{ job: JobInfo }];
  /** The server has committed the result. `durationMs`: how long the handler ran. */
  job_completed: [{ job: JobInfo; status: StageStatus; durationMs: number }];
  /** The server has committed the failure; `willRetry` when another attempt follows. `durationMs`: how long the handler ran. */
  job_failed: [{ job: JobInfo; error: StageError; willRetry: boolean; durationMs: number }];
  /** A handler wrote to its log; told at once, inside the handler's trace context. */
  job_log: [{ job: JobInfo; level: LogLevel; message: string; fields: Record<string, unknown> | undefined }];
  /** Given back without spending an attempt. */
  job_released: [{ job: JobInfo }];
  /** A heartbeat has extended the lease by `leaseMs` milliseconds from now. */
  lease_extended: [{ job: JobInfo; leaseMs: number }];
  /** The delivery no longer counts; its signal has fired. `not_found`: the server knows no such stage any more. */
  lease_lost: [{ job: JobInfo; reason: LeaseLostReason | 'not_found' }];
  /** A handler ended after its lease was lost or its job released, or the server refused its result: it does not count. */
  result_dropped: [{ job: JobInfo }];
  /**
   * No more pulls: the worker finishes what it has. `cause`: the name of a signal, `abort`, `stop`, `order` or `done`.
   * Not `final`: the server may order it to run again.
   */
  draining: [{ cause: string; final: boolean }];
  /** Pulls again after an order to drain. */
  resumed: [];
  /** `run` or `runOnce` is about to resolve; `unsent` results could not be delivered in time. */
  stopped: [{ unsent: number }];
  /** The server cannot be reached; results are held and calls repeated. */
  disconnected: [{ error: unknown }];
  reconnected: [{ awayMs: number }];
  /** Something that the worker survives but somebody should know. Without a listener it becomes a process warning. */
  error: [error: unknown];
}

/** Emits an event whose argument is built only when somebody listens. */
export type Emit = <Name extends keyof WorkerEvents>(name: Name, build: () => WorkerEvents[Name]) => void;

export const jobInfo = (job: StageJob): JobInfo => ({
  id: job.id,
  pipelineId: job.pipelineId,
  pipelineName: job.pipelineName,
  stage: job.stage,
  handler: job.handler,
  attempt: job.attempt,
  fencingToken: job.fencingToken,
});
