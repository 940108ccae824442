import { HEADERS, type Scope } from '@pipelogiq/protocol';
import type { SessionUseCases } from '../domain/account/sessions.js';
import { DomainError } from '../domain/errors.js';
import type { AccountUseCases, Principal } from '../domain/use-cases.js';
import { sessionCookie } from './cookies.js';
import { requireOwnOrigin } from './origin.js';
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

/** Whether it carries credentials at all; they may be worth nothing. */
export const hasCredentials = (headers: Headers): boolean =>
  apiKeyOf(headers) !== undefined || sessionCookie(headers) !== undefined;

type Identifies = { accounts: Pick<AccountUseCases, 'authenticate'>; sessions: Pick<SessionUseCases, 'authenticate'> };
type Sent = { method: string; headers: Headers };

/**
 * Who calls: the holder of the API key that the request carries, or else the user whose session it is, in the application that it
 * names. A write by session must come from a page of this server.
 * @throws DomainError `unauthenticated`; `forbidden` for a write from elsewhere; `not_found` for an application that is not the user's
 */
export async function identify(useCases: Identifies, sent: Sent): Promise<Principal> {
  const key = apiKeyOf(sent.headers);
  const cookie = key === undefined ? sessionCookie(sent.headers) : undefined;
  if (cookie) return signedIn(useCases, sent, cookie.token);
  if (key === undefined)
    throw new DomainError('unauthenticated', 'Send an API key as `Authorization: Bearer …` or `X-API-Key`, or sign in.');
  const principal = await useCases.accounts.authenticate(key);
  if (principal) return principal;
  throw new DomainError('unauthenticated', 'This API key is not known, was disabled or has expired.');
}

async function signedIn({ sessions }: Identifies, sent: Sent, token: string): Promise<Principal> {
  requireOwnOrigin(sent);
  const principal = await sessions.authenticate(token, sent.headers.get(HEADERS.application) ?? undefined);
  if (principal) return principal;
  throw new DomainError('unauthenticated', 'This session is over; sign in again.');
}

/** The scope that opens a route; undefined: none is needed. */
export function scopeOf(access: Exclude<Access, 'open'>): Scope | undefined {
  if (access === 'worker') return 'work';
  if (access === 'user' || access === 'caller') return undefined;
  return access === 'scrape' ? 'admin' : access;
}

/** Throws `forbidden` unless the caller has the scope that the route asks for. */
export function authorise(principal: Principal, access: Exclude<Access, 'open'>): void {
  if (access === 'scrape') {
    requireAll(principal);
    return;
  }
  if (access === 'user' && !principal.user)
    throw new DomainError('forbidden', 'This is for users who have signed in; an API key has no sessions and no password.');
  const needed = scopeOf(access);
  if (needed === undefined || principal.scopes.has(needed) || principal.scopes.has('admin')) return;
  const has = [...principal.scopes].join(', ') || 'none';
  const message = principal.user
    ? `This needs the scope "${needed}"; your role in ${JSON.stringify(principal.application)} has: ${has}.`
    : `This needs an API key with the scope "${needed}"; this one has: ${has}.`;
  throw new DomainError('forbidden', message);
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
