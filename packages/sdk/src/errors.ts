import type { ErrorCode, FieldError, LeaseLostReason, Pipeline, Problem, Stage } from '@pipelogiq/protocol';

/** Codes of errors that are found before an answer of the control plane exists, or in its place. */
export type ClientErrorCode =
  | 'connection_failed'
  | 'timeout'
  | 'invalid_configuration'
  | 'invalid_input'
  | 'pipeline_failed'
  | 'unexpected_response'
  | 'client_closed';

/** Everything that an error may know beside its message. */
export interface PipelogiqErrorDetails {
  code: ErrorCode | ClientErrorCode;
  status?: number | undefined;
  requestId?: string | undefined;
  retryable?: boolean | undefined;
  errors?: readonly FieldError[] | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/**
 * Base of all errors that the client throws. Branch on `code`: it is stable, and docs/reference/errors.md has a section
 * for each one that the server sends.
 *
 * @example
 * try { await pipelogiq.pipelines.create(order, input) }
 * catch (error) { if (error instanceof PipelogiqError && error.retryable) requeue(input); else throw error }
 */
export class PipelogiqError extends Error {
  override readonly name: string = 'PipelogiqError';
  readonly code: ErrorCode | ClientErrorCode;
  /** HTTP status of the answer, when there was one. */
  readonly status: number | undefined;
  /** `x-request-id` of the answer: the server's log has the same id. */
  readonly requestId: string | undefined;
  /** True when the same call may succeed later. The client has then already repeated it as often as it may. */
  readonly retryable: boolean;
  /** For bad input: what is wrong, field by field. */
  readonly errors: readonly FieldError[] | undefined;
  /** Milliseconds after which the server wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: PipelogiqErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.retryable = details.retryable ?? false;
    this.errors = details.errors;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The server could not be reached, or the connection broke before the answer was complete. */
export class ConnectionError extends PipelogiqError {
  override readonly name = 'ConnectionError';
}

/** No complete answer in time. The call may have taken effect. */
export class TimeoutError extends PipelogiqError {
  override readonly name = 'TimeoutError';
}

/** The client's own options, variables or credentials file cannot be used. */
export class ConfigurationError extends PipelogiqError {
  override readonly name = 'ConfigurationError';

  constructor(message: string, cause?: unknown) {
    super(message, { code: 'invalid_configuration', cause });
  }
}

/** 401: the API key or the worker session is missing, wrong, expired or disabled. */
export class AuthenticationError extends PipelogiqError {
  override readonly name = 'AuthenticationError';
}

/** 403: the API key lacks the scope. */
export class PermissionError extends PipelogiqError {
  override readonly name = 'PermissionError';
}

/** 404: there is no such thing, or it belongs to another application. */
export class NotFoundError extends PipelogiqError {
  override readonly name = 'NotFoundError';
}

/** 409: the state does not allow it, or the idempotency key was used for something else. */
export class ConflictError extends PipelogiqError {
  override readonly name = 'ConflictError';
}

/** The input was refused, by the server (400, 413, 415, 422) or by a schema here; `errors` names the fields. */
export class ValidationError extends PipelogiqError {
  override readonly name = 'ValidationError';
}

/** 429: too many requests; `retryAfterMs` says when to come back. */
export class RateLimitedError extends PipelogiqError {
  override readonly name = 'RateLimitedError';
}

/** The delivery is no longer this worker's: whatever it reports about the job is refused. */
export class LeaseLostError extends PipelogiqError {
  override readonly name = 'LeaseLostError';
  readonly reason: LeaseLostReason | undefined;

  constructor(message: string, details: Omit<PipelogiqErrorDetails, 'code'> & { reason?: LeaseLostReason | undefined } = {}) {
    super(message, { ...details, code: 'lease_lost' });
    this.reason = details.reason;
  }
}

/** `waitForSuccess`: the pipeline ended as `failed` or `cancelled`. */
export class PipelineFailedError extends PipelogiqError {
  override readonly name = 'PipelineFailedError';
  /** Id of the pipeline. */
  readonly id: string;
  readonly pipeline: Pipeline;
  /** The stages that failed, each with its `error`. */
  readonly stages: readonly Stage[];

  constructor(pipeline: Pipeline, stages: readonly Stage[]) {
    super(failureMessage(pipeline, stages), { code: 'pipeline_failed' });
    this.id = pipeline.id;
    this.pipeline = pipeline;
    this.stages = stages;
  }
}

/**
 * Thrown by a handler: fail the stage now, whatever attempts are left.
 *
 * @example throw new NonRetryableError('card was declined', { code: 'card_declined' });
 */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
  /** Becomes `error.code` of the stage. */
  readonly code: string;

  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code ?? 'non_retryable';
  }
}

/** Thrown by `job.retryAfter(ms)`: end this attempt as failed and start the next one after `retryAfterMs` instead of the backoff. */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError';
  /** Becomes `error.code` of the stage. */
  readonly code: string;
  /** Milliseconds. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, options: { message?: string; code?: string; cause?: unknown } = {}) {
    super(
      options.message ?? `asked to be retried after ${retryAfterMs} ms`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.retryAfterMs = retryAfterMs;
    this.code = options.code ?? 'retry_after';
  }
}

/** Thrown by `job.snooze(ms)`: give the job back, without spending an attempt, and deliver it again after `delayMs`. */
export class SnoozeError extends Error {
  override readonly name = 'SnoozeError';
  /** Milliseconds. */
  readonly delayMs: number;

  constructor(delayMs: number) {
    super(`asked to be delivered again after ${delayMs} ms`);
    this.delayMs = delayMs;
  }
}

type ErrorClass = new (message: string, details: PipelogiqErrorDetails) => PipelogiqError;

const CLASS_BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  400: ValidationError,
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  408: TimeoutError,
  409: ConflictError,
  413: ValidationError,
  415: ValidationError,
  422: ValidationError,
  429: RateLimitedError,
  504: TimeoutError,
};

/** Statuses after which the same request may succeed later. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Turns an answer that is not 2xx into the error class of its status.
 *
 * @param problem the parsed `application/problem+json`; undefined when the answer had none (a proxy's page, for example)
 * @param retryAfterMs what the `Retry-After` header asked for; the problem's own figure is finer and wins
 */
export function problemToError(
  status: number,
  problem: Problem | undefined,
  requestId?: string,
  retryAfterMs?: number,
): PipelogiqError {
  const message = problem?.detail || problem?.title || `The server answered ${status} without a description.`;
  const details: PipelogiqErrorDetails = {
    code: problem?.code ?? 'unexpected_response',
    status,
    requestId: problem?.requestId ?? requestId,
    retryable: RETRYABLE_STATUSES.has(status),
    errors: problem?.errors,
    retryAfterMs: problem?.retryAfterMs ?? retryAfterMs,
  };
  if (problem?.code === 'lease_lost') return new LeaseLostError(message, details);
  return new (CLASS_BY_STATUS[status] ?? PipelogiqError)(message, details);
}

const STAGES_IN_MESSAGE = 5;

function failureMessage(pipeline: Pipeline, stages: readonly Stage[]): string {
  const named = stages.slice(0, STAGES_IN_MESSAGE).map((stage) => {
    return stage.error ? `${stage.name}: ${stage.error.message} (${stage.error.code})` : stage.name;
  });
  if (stages.length > STAGES_IN_MESSAGE) named.push(`and ${stages.length - STAGES_IN_MESSAGE} more`);
  const reason = pipeline.cancelReason ?? named.join('; ');
  return `Pipeline ${pipeline.name} (${pipeline.id}) ${pipeline.status}${reason ? `: ${reason}` : '.'}`;
}
