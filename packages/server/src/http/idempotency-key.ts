import { HEADERS } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';

/**
 * The key of the header counts like the field, and is checked like it; both must say the same.
 * @throws DomainError `idempotency_mismatch`, or what `check` throws
 */
export function withIdempotencyKey<Body extends { idempotencyKey?: string }>(
  body: Body,
  headers: Headers,
  check: (keyed: unknown) => Body,
): Body {
  const key = headers.get(HEADERS.idempotencyKey);
  if (key === null || key === body.idempotencyKey) return body;
  if (body.idempotencyKey === undefined) return check({ ...body, idempotencyKey: key });
  throw new DomainError('idempotency_mismatch', 'The Idempotency-Key header and the field idempotencyKey differ.');
}
