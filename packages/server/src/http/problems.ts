import type { ErrorCode, Problem } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';

interface ProblemKind {
  status: number;
  title: string;
  /** What the caller can do; shown on `/docs/errors`. */
  advice: string;
}

/** Every error code with its HTTP status, in one place. */
export const PROBLEMS = {
  invalid_json: {
    status: 400,
    title: 'The body is not JSON',
    advice: 'Send UTF-8 JSON. The detail names the position where reading stopped.',
  },
  invalid_request: { status: 422, title: 'The request is invalid', advice: 'Correct the fields listed in `errors`.' },
  invalid_pipeline: {
    status: 422,
    title: 'The pipeline is invalid',
    advice: 'Correct the stages listed in `errors`: names, dependencies, cycles.',
  },
  unauthenticated: {
    status: 401,
    title: 'Not signed in',
    advice: 'Send a live API key as `Authorization: Bearer …` or `X-API-Key`, or sign in.',
  },
  forbidden: {
    status: 403,
    title: 'The caller may not do this',
    advice: 'Use a key or a role with the scope that the detail names.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    advice: 'Check the path and the id. Things of other applications are not found either.',
  },
  method_not_allowed: { status: 405, title: 'Method not allowed', advice: 'Use a method of the `Allow` header.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    advice: 'Send `Content-Type: application/json`, uncompressed.',
  },
  payload_too_large: { status: 413, title: 'The body is too large', advice: 'Split the call, or pass large data by reference.' },
  idempotency_conflict: {
    status: 409,
    title: 'The idempotency key was used for another body',
    advice: 'Use a new key for a new pipeline.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'Two different idempotency keys',
    advice: 'Send the key as header or as field, or the same in both.',
  },
  state_conflict: { status: 409, title: 'Not possible in this state', advice: 'Look at the present state; the detail names it.' },
  session_invalid: {
    status: 401,
    title: 'The worker session is not valid',
    advice: 'Call `POST /workers/bootstrap` again and send the new token.',
  },
  lease_lost: { status: 409, title: 'The lease is lost', advice: 'Stop the work: another delivery counts now.' },
  unsupported_protocol: {
    status: 400,
    title: 'Unsupported protocol version',
    advice: '`GET /version` names the versions that are understood.',
  },
  host_not_allowed: {
    status: 403,
    title: 'The Host header is not local',
    advice: 'A server that listens on a loopback address answers only to localhost. Bind another address to serve other names.',
  },
  rate_limited: { status: 429, title: 'Too many attempts', advice: 'Retry after the time in `Retry-After`.' },
  overloaded: { status: 503, title: 'The server is overloaded', advice: 'Retry after the time in `Retry-After`.' },
  shutting_down: { status: 503, title: 'The server is shutting down', advice: 'Retry after the time in `Retry-After`.' },
  store_unavailable: { status: 503, title: 'The database is not available', advice: 'Nothing was stored. Retry later.' },
  outcome_unknown: {
    status: 503,
    title: 'The outcome is not known',
    advice: 'Repeat the call with the same idempotency key or token.',
  },
  internal: { status: 500, title: 'Internal error', advice: 'Look in the log of the server for the request id.' },
} as const satisfies Record<ErrorCode, ProblemKind>;

/** The problem details (RFC 9457) of a refusal. `type` is a reference to the section of the code on the server itself. */
export function problemOf(error: DomainError, requestId: string): Problem {
  const { status, title } = PROBLEMS[error.code];
  return {
    type: `/docs/errors#${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    requestId,
    ...(error.errors && { errors: error.errors }),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  };
}

/** What the caller may know of an exception that nobody expected: nothing but the request id. */
export function internalError(cause: unknown): DomainError {
  return new DomainError('internal', 'Something went wrong in the server. Its log has the details under this request id.', {
    cause,
  });
}
