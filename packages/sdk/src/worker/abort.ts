import type { LeaseLostReason } from '@pipelogiq/protocol';

/** Why a job's signal fired. */
export type JobAbortCode = 'cancelled' | 'lease_lost' | 'timeout' | 'shutdown';

const MESSAGES: Record<JobAbortCode, string> = {
  cancelled: 'the pipeline was cancelled',
  lease_lost: 'the lease of this delivery was lost',
  timeout: 'the time of this delivery is up',
  shutdown: 'the worker is shutting down',
};

/** `job.signal.reason`. */
export class JobAbortedError extends Error {
  override readonly name = 'JobAbortedError';
  readonly code: JobAbortCode;
  /** What the server said, when it ended the delivery. */
  readonly reason: LeaseLostReason | undefined;

  constructor(code: JobAbortCode, reason?: LeaseLostReason) {
    super(reason === undefined || code !== 'lease_lost' ? MESSAGES[code] : `${MESSAGES[code]}: ${reason}`);
    this.code = code;
    this.reason = reason;
  }
}

export function abortFor(reason: LeaseLostReason): JobAbortedError {
  if (reason === 'cancelled') return new JobAbortedError('cancelled', reason);
  if (reason === 'timed_out') return new JobAbortedError('timeout', reason);
  return new JobAbortedError('lease_lost', reason);
}
