import { HEADERS, type Scope } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';
import type { AccountUseCases, Principal } from '../domain/use-cases.js';
import type { Access } from './route.js';

const MAX_KEY_LENGTH = 512;
const BEARER = /^bearer +(\S+) *$/i;

/** The API key of a request; `Authorization: Bearer` counts before `X-API-Key`. */
function apiKeyOf(headers: Headers): string | undefined {
  const authorization = headers.get('authorization');
  const key = BEARER.exec(authorization ?? '')?.[1] ?? headers.get(HEADERS.apiKey);
  return key && key.length <= MAX_KEY_LENGTH ? key : undefined;
}

/** The holder of the API key that the request carries. Throws `unauthenticated`. */
export async function identify(accounts: Pick<AccountUseCases, 'authenticate'>, headers: Headers): Promise<Principal> {
  const key = apiKeyOf(headers);
  if (key === undefined) throw new DomainError('unauthenticated', 'Send an API key as `Authorization: Bearer …` or `X-API-Key`.');
  const principal = await accounts.authenticate(key);
  if (principal) return principal;
  throw new DomainError('unauthenticated', 'This API key is not known, was disabled or has expired.');
}

/** Throws `forbidden` unless the caller has the scope that the route asks for. */
export function authorise(principal: Principal, access: Exclude<Access, 'open'>): void {
  const needed: Scope = access === 'worker' ? 'work' : access;
  if (principal.scopes.has(needed) || principal.scopes.has('admin')) return;
  const has = [...principal.scopes].join(', ') || 'none';
  throw new DomainError('forbidden', `This needs an API key with the scope "${needed}"; this one has: ${has}.`);
}
