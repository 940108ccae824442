import type { LeaseLostReason } from './states.js';

/** Stable error codes of HTTP problems; each has a section in docs/reference/errors.md. */
export const ERROR_CODES = [
  'invalid_json',
  'invalid_request',
  'invalid_pipeline',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'unsupported_media_type',
  'payload_too_large',
  'idempotency_conflict',
  'idempotency_mismatch',
  'state_conflict',
  'session_invalid',
  'lease_lost',
  'unsupported_protocol',
  'host_not_allowed',
  'rate_limited',
  'overloaded',
  'shutting_down',
  'store_unavailable',
  'outcome_unknown',
  'internal',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Codes that the server itself writes into a stage's `error.code`. Workers may send any other. */
export const STAGE_ERROR_CODES = [
  'lease_expired',
  'poisoned',
  'timed_out',
  'output_too_large',
  'output_empty',
  'input_unresolvable',
  'spawn_invalid',
  'pending_timed_out',
  'event_timed_out',
  'event_failed',
] as const;
export type StageErrorCode = (typeof STAGE_ERROR_CODES)[number];

export interface FieldError {
  /** Path of the field in the body, as `stages[2].dependsOn[0]`. */
  path: string;
  message: string;
}

/** RFC 9457 problem details; sent as `application/problem+json`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: ErrorCode;
  detail: string;
  requestId?: string;
  errors?: FieldError[];
  /** Milliseconds after which a retry makes sense; also sent as `Retry-After` in whole seconds. */
  retryAfterMs?: number;
}

/** Why one job of a settle call was refused; the other jobs of the call are not affected. */
export type SettleError =
  | { code: 'lease_lost'; reason: LeaseLostReason; message: string }
  | { code: 'not_found'; message: string };
