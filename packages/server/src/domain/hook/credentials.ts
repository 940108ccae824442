import type { HookCredentials, HookSaved } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { HookRow, Ms } from '../../store/store.js';
import { hashSecret } from '../account/keys.js';
import { DomainError } from '../errors.js';
import { checkSecret, verifySignature } from './signature.js';
import { isHookToken } from './token.js';

const TOKEN_BYTES = 32;
const SECRET_BYTES = 32;

export interface NewCredentials {
  /** What is stored of them; secrets are sealed for the row of this id. */
  columns(id: number): Pick<HookRow, 'auth' | 'token_hash' | 'secrets'>;
  /** What the server made, for the one answer that shows it. */
  shown: Pick<HookSaved, 'token' | 'secret'>;
}

interface CredentialDeps {
  clock: Pick<Clock, 'randomBytes'>;
  secrets: Secrets;
}

/** @throws DomainError `invalid_request` naming a malformed secret; `state_conflict` when the server has no key to keep secrets with */
export function newCredentials({ clock, secrets }: CredentialDeps, auth: HookCredentials): NewCredentials {
  if (auth.type === 'token') {
    if (auth.secrets) throw invalid('auth.secrets', 'A token is made by the server; secrets go with signatures.');
    const token = `plq_hook_${clock.randomBytes(TOKEN_BYTES).toString('base64url')}`;
    return { columns: () => ({ auth: 'token', token_hash: hashSecret(token), secrets: null }), shown: { token } };
  }
  for (const [index, secret] of (auth.secrets ?? []).entries()) checkSecret(secret, `auth.secrets[${index}]`);
  const unavailable = secrets.unavailable();
  if (unavailable !== undefined) throw new DomainError('state_conflict', `Signing secrets cannot be kept here. ${unavailable}`);
  const made = auth.secrets ? undefined : `whsec_${clock.randomBytes(SECRET_BYTES).toString('base64')}`;
  const text = JSON.stringify(auth.secrets ?? [made]);
  return {
    columns: (id) => ({ auth: 'signature', token_hash: null, secrets: secrets.seal(text, placeOf(id)) }),
    shown: made === undefined ? {} : { secret: made },
  };
}

const invalid = (path: string, message: string): DomainError =>
  new DomainError('invalid_request', message, { errors: [{ path, message }] });

const placeOf = (hookId: number): string => `hook:${hookId}`;

/** Headers by lower-case name. */
export interface Presented {
  headers: { readonly [name: string]: string };
  /** The body as it arrived. */
  text: string;
}

const BEARER = /^bearer +(\S+) *$/i;

/** Nobody's: what they cost makes an unknown hook take as long as a known one. */
const DECOY_HASH = hashSecret('nobody has this token');
const DECOY_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;

/** Whether a delivery may come in. `deliveryId` only of a signed one: it is part of what is signed. */
export type Admission = { ok: true; deliveryId?: string } | { ok: false };

/**
 * Looks at what a delivery presents, as the hook asks for it. Without a hook it goes through the same motions and refuses.
 * @throws Error when the secrets of the hook cannot be opened: the server has another key than it had
 */
export function admitDelivery(
  { secrets, toleranceMs, now }: { secrets: Secrets; toleranceMs: number; now: Ms },
  hook: HookRow | undefined,
  { headers, text }: Presented,
): Admission {
  const signed = hook ? hook.auth === 'signature' : headers['webhook-signature'] !== undefined;
  if (!signed) {
    const token = headers['x-hook-token'] ?? BEARER.exec(headers.authorization ?? '')?.[1];
    return isHookToken(token, hook?.token_hash ?? DECOY_HASH) && hook ? { ok: true } : { ok: false };
  }
  const known = hook?.secrets ? (JSON.parse(secrets.open(hook.secrets, placeOf(hook.id))) as string[]) : [DECOY_SECRET];
  const verified = verifySignature({
    secrets: known,
    headers: {
      id: headers['webhook-id'],
      timestamp: headers['webhook-timestamp'],
      signature: headers['webhook-signature'],
    },
    body: text,
    now,
    toleranceMs,
  });
  return verified.ok && hook ? { ok: true, deliveryId: verified.deliveryId } : { ok: false };
}
