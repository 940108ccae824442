import type { IncomingMessage, ServerResponse } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type ErrorCode, HEADERS, SAMPLED } from '@pipelogiq/protocol';
import { actorOf } from '../domain/account/audit.js';
import { DomainError } from '../domain/errors.js';
import type { Principal } from '../domain/use-cases.js';
import { addressOf } from './client.js';
import type { HttpDeps, RequestInfo, RequestTrace } from './deps.js';
import { internalError, PROBLEMS, problemOf } from './problems.js';
import { ignoredWarning } from './protocol-version.js';
import type { Reply, StreamReply } from './route.js';
import { bodySink, closedSink, socketSink } from './sinks.js';

/** What a socket brings with it; all absent for a call in the same process. */
export interface NodeBindings {
  incoming?: IncomingMessage;
  outgoing?: ServerResponse;
  /** Set on a server of our own that listens on a loopback address: its requests must name a local host. */
  localOnly?: boolean;
}

/** One request on its way to its answer. */
export interface Exchange {
  request: Request;
  node: NodeBindings;
  requestId: string;
  startedAt: number;
  /** The same moment by the monotonic clock. */
  begun: number;
  /** The route's pattern. */
  route: string;
  /** The ids under which it is traced, once they were asked for. */
  trace?: RequestTrace;
  principal?: Principal;
  /** Of the problem that is answered. */
  code?: ErrorCode;
  /** Set when the caller speaks a newer minor protocol: takes the paths of its unknown fields. */
  ignored?: string[];
}

const SAFE_ID = /^[\w.:+/=@-]{1,128}$/;

export function openExchange(request: Request, node: NodeBindings, route: string, deps: Pick<HttpDeps, 'clock'>): Exchange {
  const given = request.headers.get(HEADERS.requestId);
  const requestId = given !== null && SAFE_ID.test(given) ? given : deps.clock.randomHex(16);
  return { request, node, requestId, startedAt: deps.clock.now(), begun: deps.clock.monotonic(), route };
}

/** Ids that lead somewhere: of the request's own span when there will be one, else of the caller's, else none. */
function idsOf({ flags, traceId, spanId, parent, isExported }: RequestTrace): { traceId: string; spanId: string } | undefined {
  if (isExported && (flags & SAMPLED) !== 0) return { traceId, spanId };
  return parent && { traceId, spanId: parent.spanId };
}

/** The answer to whatever was thrown; what nobody expected is logged and told to nobody. */
export function refusal(
  error: unknown,
  exchange: Exchange,
  deps: Pick<HttpDeps, 'log' | 'explain' | 'traceOf' | 'clock'>,
): Reply {
  const { log, explain } = deps;
  const explained = error instanceof DomainError ? error : explain(error);
  const refused = explained instanceof DomainError ? explained : internalError(error);
  exchange.code = refused.code;
  const { requestId, route, request } = exchange;
  if (refused.code === 'internal') {
    const level = request.signal.aborted ? 'debug' : 'error'; // who went away gets what its going caused
    exchange.trace ??= deps.traceOf(traceHeaders(request));
    const { traceId, spanId } = idsOf(exchange.trace) ?? {};
    const durationMs = Math.round(deps.clock.monotonic() - exchange.begun);
    const userId = exchange.principal && actorOf(exchange.principal);
    log[level]({ err: error, requestId, traceId, spanId, userId, durationMs, method: request.method, route }, 'request failed');
  }
  const headers: { [name: string]: string } = { 'content-type': 'application/problem+json' };
  if (refused.code === 'unauthenticated') headers['www-authenticate'] = 'Bearer realm="pipelogiq"';
  if (refused.code === 'session_invalid') headers['www-authenticate'] = 'Bearer realm="pipelogiq worker session"';
  if (refused.retryAfterMs !== undefined) headers['retry-after'] = String(Math.ceil(refused.retryAfterMs / 1000));
  return { status: PROBLEMS[refused.code].status, headers, body: JSON.stringify(problemOf(refused, requestId)) };
}

function headersOf(exchange: Exchange, reply: Pick<Reply, 'headers'>): { [name: string]: string } {
  const headers: { [name: string]: string } = {
    [HEADERS.requestId]: exchange.requestId,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  };
  if (exchange.ignored?.length) headers.warning = ignoredWarning(exchange.ignored);
  return headers;
}

/**
 * Sends the reply. On a socket it is written to the socket itself: that costs a third of what a web Response does there,
 * and spares an embedding service the replaced globals that make it cheap.
 */
function send(exchange: Exchange, reply: Reply): Response {
  const headers = headersOf(exchange, reply);
  const { outgoing } = exchange.node;
  if (!outgoing) return new Response(reply.body ?? null, { status: reply.status, headers });
  if (outgoing.destroyed || outgoing.writableEnded) return RESPONSE_ALREADY_SENT; // the caller has gone
  if (reply.status !== 204 && reply.status !== 304) headers['content-length'] = String(Buffer.byteLength(reply.body ?? ''));
  outgoing.writeHead(reply.status, headers);
  if (reply.sent) outgoing.once('close', reply.sent);
  outgoing.end(reply.body);
  return RESPONSE_ALREADY_SENT;
}

/** Sends the headers and lets the reply write what follows. */
function sendStream(exchange: Exchange, reply: StreamReply, { clock }: HttpDeps): Response {
  const headers = headersOf(exchange, reply);
  const { request, node } = exchange;
  const { outgoing } = node;
  const isHead = request.method === 'HEAD'; // its answer has no body, whatever is written
  if (!outgoing) {
    const { sink, body } = isHead ? { sink: closedSink, body: null } : bodySink(request);
    reply.open(sink);
    return new Response(body, { status: reply.status, headers });
  }
  if (outgoing.destroyed || outgoing.writableEnded) {
    reply.open(closedSink);
    return RESPONSE_ALREADY_SENT;
  }
  outgoing.writeHead(reply.status, headers);
  if (isHead) outgoing.end();
  else outgoing.flushHeaders();
  reply.open(isHead ? closedSink : socketSink(outgoing, clock));
  return RESPONSE_ALREADY_SENT;
}

function traceHeaders({ headers }: Request): Pick<RequestInfo, 'traceparent' | 'tracestate'> {
  const traceparent = headers.get('traceparent');
  const tracestate = headers.get('tracestate');
  return { ...(traceparent !== null && { traceparent }), ...(tracestate !== null && { tracestate }) };
}

function requestInfo(exchange: Exchange, status: number, ended: number, deps: HttpDeps): RequestInfo {
  const { request, requestId, startedAt, begun, route, trace, principal, code } = exchange;
  const address = code && addressOf(exchange, deps);
  return {
    method: request.method,
    route,
    status,
    startedAt,
    durationMs: ended - begun,
    requestId,
    ...traceHeaders(request),
    ...(trace && { trace }),
    ...(principal && { principal }),
    ...(code && { code }),
    ...(address !== undefined && { address }),
  };
}

/** Answers the exchange by `answer`, or by the problem that it threw. Never rejects. */
export function conclude(
  exchange: Exchange,
  answer: (exchange: Exchange) => Promise<Reply | StreamReply>,
  deps: HttpDeps,
): Promise<Response> {
  return deps.during ? deps.during(() => concluded(exchange, answer, deps)) : concluded(exchange, answer, deps);
}

async function concluded(
  exchange: Exchange,
  answer: (exchange: Exchange) => Promise<Reply | StreamReply>,
  deps: HttpDeps,
): Promise<Response> {
  let reply: Reply | StreamReply;
  try {
    reply = await answer(exchange);
  } catch (error) {
    reply = refusal(error, exchange, deps);
  }
  const response = 'open' in reply ? sendStream(exchange, reply, deps) : send(exchange, reply);
  deps.onRequest?.(requestInfo(exchange, reply.status, deps.clock.monotonic(), deps));
  return response;
}
