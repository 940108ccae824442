import type { StageJob } from '@pipelogiq/protocol';
import type { ProcessSpan } from '../tracing/process-span.js';
import type { JobAbortedError } from './abort.js';

export type DeliveryMode = 'queued' | 'running' | 'settling' | 'lost' | 'done';

/**
 * One delivery of a stage on this worker.
 *
 * Modes: `queued` (pulled, waits for a slot) → `running` (its handler runs) → `settling` (its result is held until the
 * server has confirmed it) → `done`. From any of the first three to `lost`: the server ended the delivery, or it was
 * given back while its handler ran on; whatever the handler returns then is dropped. `Deliveries` moves it.
 *
 * Lease and deadline count down from the milliseconds that came with the job, on the monotonic clock of this process;
 * the server's timestamps are never compared with it.
 */
export class Delivery {
  readonly job: StageJob;
  /** `{"id":…,"fencingToken":…}`: names the delivery in beats, results and reports. */
  readonly ref: string;
  mode: DeliveryMode = 'queued';
  span: ProcessSpan | undefined;
  /** Milliseconds for which its handler ran; 0 until it ended. */
  ranMs = 0;
  /** True once the handler wrote a log line or progress: these go out before the result. */
  hasReports = false;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  #leaseEndsAt: number;
  #controller: AbortController | undefined;
  #reason: JobAbortedError | undefined;

  constructor(job: StageJob) {
    this.job = job;
    this.ref = `{"id":${JSON.stringify(job.id)},"fencingToken":${job.fencingToken}}`;
    const now = performance.now();
    this.#leaseEndsAt = now + job.leaseMs;
    this.deadline = now + job.timeoutMs;
  }

  /** Made when the handler first asks: most never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#reason) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get abortReason(): JobAbortedError | undefined {
    return this.#reason;
  }

  /** True when no beat has extended the lease in time, as far as this worker can tell. */
  get leaseRanOut(): boolean {
    return performance.now() >= this.#leaseEndsAt;
  }

  extend(leaseMs: number): void {
    this.#leaseEndsAt = performance.now() + leaseMs;
  }

  /** Fires the signal; only the first reason counts. */
  abort(reason: JobAbortedError): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
