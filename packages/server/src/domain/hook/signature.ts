import { createHmac, timingSafeEqual } from 'node:crypto';
import { LIMITS } from '@pipelogiq/protocol';
import { SIGNING_SECRET_BYTES, signingKeyOf } from '../../signing-secret.js';
import type { Ms } from '../../store/rows.js';
import { DomainError } from '../errors.js';

export interface SignedDelivery {
  /** The hook's secrets as stored, `whsec_…`; two while they are rotated. */
  secrets: readonly string[];
  /** Values of `webhook-id`, `webhook-timestamp` and `webhook-signature`. */
  headers: { id: string | undefined; timestamp: string | undefined; signature: string | undefined };
  /** The body as it arrived; parsing and serializing it again changes bytes. */
  body: string | Buffer;
  now: Ms;
  /** How far the timestamp may be from `now`, either way. Milliseconds; default 5 minutes. */
  toleranceMs?: number;
}

export type SignatureRefusal = 'missing_header' | 'malformed_header' | 'too_old' | 'too_new' | 'no_match';

/** `deliveryId` is the sender's id of the event, the same in every retry: the key by which a repeated delivery is known. */
export type Verification = { ok: true; deliveryId: string } | { ok: false; reason: SignatureRefusal };

const TOLERANCE_MS = 300_000;
/** No full stop: it parts what is signed, so that `a.1` + `2` could be read as `a` + `1.2`. The standard forbids it for that. */
const DELIVERY_ID = new RegExp(`^[\\x21-\\x2d\\x2f-\\x7e]{1,${LIMITS.idempotencyKeyLength}}$`);
const SECONDS = /^\d{1,12}$/;

/**
 * Whether a delivery is signed with one of the secrets and fresh, by Standard Webhooks 1.0: `webhook-signature` holds
 * `v1,<base64>` signatures with spaces between, each the HMAC-SHA256 of `id.timestamp.body`; one that fits is enough. Signatures of
 * other versions are passed over.
 */
export function verifySignature({ secrets, headers, body, now, toleranceMs = TOLERANCE_MS }: SignedDelivery): Verification {
  const { id, timestamp, signature } = headers;
  if (!id || !timestamp || !signature) return { ok: false, reason: 'missing_header' };
  if (!DELIVERY_ID.test(id) || !SECONDS.test(timestamp)) return { ok: false, reason: 'malformed_header' };
  const age = now - Number(timestamp) * 1_000;
  if (age > toleranceMs) return { ok: false, reason: 'too_old' };
  if (age < -toleranceMs) return { ok: false, reason: 'too_new' };

  const given = signature.split(' ').map((text) => Buffer.from(text));
  const expected = secrets.flatMap((secret) => {
    const key = signingKeyOf(secret);
    return key
      ? [Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64')}`)]
      : [];
  });
  const fits = expected.some((one) => given.some((other) => one.length === other.length && timingSafeEqual(one, other)));
  return fits ? { ok: true, deliveryId: id } : { ok: false, reason: 'no_match' };
}

/** @throws DomainError `invalid_request` naming `path` when `secret` is not one of Standard Webhooks; its text is not repeated. */
export function checkSecret(secret: string, path: string): void {
  if (signingKeyOf(secret)) return;
  const { min, max } = SIGNING_SECRET_BYTES;
  const message = `A signing secret is whsec_ and then ${min} to ${max} bytes in base64, as Standard Webhooks has it.`;
  throw new DomainError('invalid_request', message, { errors: [{ path, message }] });
}
