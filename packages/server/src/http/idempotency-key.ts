import { HEADERS } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';

/** The key of the header counts like the field; both must say the same. @throws DomainError `idempotency_mismatch` */
export function withIdempotencyKey<Body extends { idempotencyKey?: string }>(body: Body, headers: Headers): Body {
  const key = headers.get(HEADERS.idempotencyKey);
  if (key === null || key === body.idempotencyKey) return body;
  if (body.idempotencyKey === undefined) return { ...body, idempotencyKey: key };
  throw new DomainError('idempotency_mismatch', 'The Idempotency-Key header and the field idempotencyKey differ.');
}
