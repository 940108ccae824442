import { HEADERS, type Scope } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';
import type { AccountUseCases, Principal } from '../domain/use-cases.js';
import type { Access } from './route.js';

const MAX_KEY_LENGTH = 512;
const BEARER = /^bearer +(\S+) *$/i;

/** What a request shows as `Authorization: Bearer …`. */
export const bearerOf = (headers: Headers): string | undefined => BEARER.exec(headers.get('authorization') ?? '')?.[1];

/** The API key of a request; `Authorization: Bearer` counts before `X-API-Key`. */
function apiKeyOf(headers: Headers): string | undefined {
  const key = bearerOf(headers) ?? headers.get(HEADERS.apiKey);
  return key && key.length <= MAX_KEY_LENGTH ? key : undefined;
}

/** Whether a key was sent at all; it may be worth nothing. */
export const hasKey = (headers: Headers): boolean => apiKeyOf(headers) !== undefined;

/** The holder of the API key that the request carries. Throws `unauthenticated`. */
export async function identify(accounts: Pick<AccountUseCases, 'authenticate'>, headers: Headers): Promise<Principal> {
  const key = apiKeyOf(headers);
  if (key === undefined) throw new DomainError('unauthenticated', 'Send an API key as `Authorization: Bearer …` or `X-API-Key`.');
  const principal = await accounts.authenticate(key);
  if (principal) return principal;
  throw new DomainError('unauthenticated', 'This API key is not known, was disabled or has expired.');
}

/** The scope that opens a route. */
export function scopeOf(access: Exclude<Access, 'open'>): Scope {
  if (access === 'worker') return 'work';
  return access === 'scrape' ? 'admin' : access;
}

/** Throws `forbidden` unless the caller has the scope that the route asks for. */
export function authorise(principal: Principal, access: Exclude<Access, 'open'>): void {
  if (access === 'scrape') {
    requireAll(principal);
    return;
  }
  const needed = scopeOf(access);
  if (principal.scopes.has(needed) || principal.scopes.has('admin')) return;
  const has = [...principal.scopes].join(', ') || 'none';
  throw new DomainError('forbidden', `This needs an API key with the scope "${needed}"; this one has: ${has}.`);
}

/** What tells of all applications is not for the keys of one, its admins' included. */
function requireAll(principal: Principal): void {
  if (seesServer(principal)) return;
  throw new DomainError(
    'forbidden',
    'Metrics are of all applications: scrape with the metrics token (PIPELOGIQ_METRICS_TOKEN) or a key of an admin of all applications. ' +
      'GET /observability/insights has the figures of one.',
  );
}

/** Whether the caller may look at the server as a whole. */
export const seesServer = ({ scopes, allApplications }: Principal): boolean => scopes.has('admin') && allApplications === true;
