import type { IncomingMessage } from 'node:http';
import type { z } from '@hono/zod-openapi';
import { HEADERS } from '@pipelogiq/protocol';
import { DomainError } from '../domain/errors.js';
import type { Principal } from '../domain/use-cases.js';
import { readBody } from './body.js';
import { clientOf } from './client.js';
import type { HttpDeps } from './deps.js';
import type { Exchange } from './exchange.js';
import { authorise, identify } from './gate.js';
import { checkHost } from './host-check.js';
import { parseJson } from './json-text.js';
import { speaksNewerMinor } from './protocol-version.js';
import { parseQuery } from './query.js';
import type { BodySpec, Call, Reply, Route, StreamReply } from './route.js';
import { mayScrape } from './scrape-access.js';
import { pathOf, searchOf } from './target.js';
import { check } from './validation.js';

const RETRY_AFTER_SHUTDOWN_MS = 1_000;
const MAX_ID_DIGITS = 16; // of 2^53

export const shuttingDown = () =>
  new DomainError('shutting_down', 'The server is shutting down; retry shortly.', { retryAfterMs: RETRY_AFTER_SHUTDOWN_MS });

const finishes = (route: Route) => route.method === 'GET' || route.finishesWork === true;

async function readJson(spec: BodySpec<unknown>, exchange: Exchange, { limits }: HttpDeps): Promise<unknown> {
  const limit = spec.size === 'single' ? limits.bodyBytes : limits.batchBodyBytes;
  const text = await readBody(exchange.request, exchange.node.incoming, limit);
  if (spec.asText) return text;
  const value = text === '' && spec.mayBeEmpty ? {} : parseJson(text, limits.jsonDepth);
  return check(spec.schema, value, { source: 'body', ignored: exchange.ignored });
}

function callOf(
  exchange: Exchange,
  caller: Principal | undefined,
  body: unknown,
  query: unknown,
  id: string,
  deps: HttpDeps,
): Call<never, unknown, unknown> {
  const { request, node, requestId, ignored } = exchange;
  return {
    caller: caller as never, // its type follows from `access`, which `route` forgot
    body,
    query,
    id,
    headers: request.headers,
    method: request.method,
    requestId,
    client: () => clientOf(exchange, deps),
    mountedAt: mountOf(node.incoming),
    path: () => pathOf(request, node),
    search: () => searchOf(request, node),
    signal: () => request.signal,
    check: <T>(schema: z.ZodType<T>, value: unknown, at: string): T => check(schema, value, { source: 'body', at, ignored }),
  };
}

/** Express keeps the whole path beside the one that it cut. */
function mountOf(incoming: IncomingMessage | undefined): string {
  const whole = (incoming as { originalUrl?: unknown } | undefined)?.originalUrl;
  if (typeof whole !== 'string' || !incoming?.url) return '';
  const [path = ''] = whole.split('?');
  const [rest = ''] = incoming.url.split('?');
  return path.endsWith(rest) ? path.slice(0, path.length - rest.length) : path;
}

const COMPLIANCE_ID = /^[\w.:+/=@-]{1,128}$/;

/** What the audit trail will say of the call, where it has something to say. */
function audited(route: Pick<Route, 'access'> | undefined, { request, requestId }: Exchange, principal: Principal): Principal {
  if (route?.access === 'work' || route?.access === 'read') return principal;
  const complianceId = request.headers.get(HEADERS.complianceId);
  if (complianceId === null || !COMPLIANCE_ID.test(complianceId)) return { ...principal, requestId };
  return { ...principal, requestId, complianceId };
}

/** The checks that come before anything is read: who calls, by which name, in which protocol. */
export async function admit(
  exchange: Exchange,
  route: Pick<Route, 'access'> | undefined,
  deps: HttpDeps,
): Promise<Principal | undefined> {
  const { request, node } = exchange;
  if (node.localOnly) checkHost(node.incoming?.headers.host);
  if (route?.access === 'open') return undefined;
  if (route?.access === 'scrape' && mayScrape(exchange, deps)) return undefined;
  const principal = audited(route, exchange, await identify(deps.useCases, request));
  exchange.principal = principal;
  if (route) authorise(principal, route.access);
  if (speaksNewerMinor(request.headers)) exchange.ignored = [];
  return principal;
}

/** Lets a request in, reads and checks it, and has the route's handler answer. */
export async function answerRoute(route: Route, exchange: Exchange, id: string, deps: HttpDeps): Promise<Reply | StreamReply> {
  let caller = await admit(exchange, route, deps);
  if (!finishes(route) && deps.isShuttingDown()) throw shuttingDown();
  if (route.path.includes('{id}') && id.length > MAX_ID_DIGITS)
    throw new DomainError('not_found', `Nothing has the id ${id.slice(0, 64)}.`);
  const query =
    route.access === 'open' ? undefined : parseQuery(route.query, searchOf(exchange.request, exchange.node), exchange.ignored);
  const body = route.body && (await readJson(route.body, exchange, deps));
  if (caller && route.workerIdOf) {
    const token = exchange.request.headers.get(HEADERS.workerSession) ?? undefined;
    caller = await deps.useCases.workers.authenticate(caller, route.workerIdOf({ body, query }), token);
  }
  return route.handle(callOf(exchange, caller, body, query, id, deps));
}
