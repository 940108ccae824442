import type { Failure } from '../../store/store.js';
import { assertNever, DomainError } from '../errors.js';

const RETRY_AFTER_MS = 1_000;

/** What the caller hears of a failure of the store; a failure that is not the database's stays as it is. */
export function refusalOf(failure: Failure, error: unknown): Error {
  switch (failure) {
    case 'conflict':
    case 'unavailable':
      return new DomainError('store_unavailable', 'The database cannot be used now; nothing was changed.', {
        retryAfterMs: RETRY_AFTER_MS,
        cause: error,
      });
    case 'unknown_outcome':
      return new DomainError('outcome_unknown', 'The connection was lost during the commit; repeat the same request.', {
        retryAfterMs: RETRY_AFTER_MS,
        cause: error,
      });
    case 'data':
      return error instanceof Error ? error : new Error(String(error));
    default:
      return assertNever(failure);
  }
}
