import { SpanKind } from '@opentelemetry/api';
import { parseTraceparent, parseTracestate, SAMPLED } from '@pipelogiq/protocol';
import type { Clock, Timer } from '../clock.js';
import { SHUTDOWN_GRACE_MS, settledWithin } from '../settled-within.js';
import * as names from './attributes.js';
import type { RequestWork } from './request-work.js';
import type { Sampler } from './sampling.js';
import type { SpanExport } from './span-export.js';
import { failed, type SpanParts, unset } from './spans.js';

/** One answered request. `route` is the pattern (`/pipelines/{id}`), never the path: it names the span. */
export interface RequestInfo {
  method: string;
  route: string;
  /** Path of the URL, without the query. */
  path?: string | undefined;
  status: number;
  /** Epoch milliseconds. */
  startedAt: number;
  durationMs: number;
  traceparent?: string | undefined;
  tracestate?: string | undefined;
  /** Of its span, where that was asked for before. */
  trace?: RequestTrace | undefined;
  requestId: string;
  /** Who called, where that is known. */
  userId?: string | undefined;
}

/** The ids under which a request is traced. */
export interface RequestTrace {
  traceId: string;
  spanId: string;
  flags: number;
  tracestate: string | undefined;
  parent: { spanId: string; isRemote: boolean } | undefined;
  /** Whether spans are sent anywhere at all. */
  isExported: boolean;
}

/**
 * Spans of the server's own HTTP requests. Best effort, unlike those of pipelines: they wait in memory, bounded, and what
 * does not fit or is refused is dropped and counted. Nothing here ever delays or fails a request.
 */
export interface ServerSpans {
  /** Called in the request's own asynchronous context. */
  recordRequest(info: RequestInfo): void;
  /** The ids that the span of a request will have, for what is told of it before its end. */
  traceOf(info: Pick<RequestInfo, 'traceparent' | 'tracestate'>): RequestTrace;
  /** Spans lost since the start. */
  dropped(): number;
  /** Sends what has gathered. */
  flush(): Promise<void>;
  /** Records nothing more and sends the rest, for at most `graceMs` (default 3,000). Comes before the span export's own shutdown. */
  shutdown(graceMs?: number): Promise<void>;
}

export interface ServerSpansDeps {
  spanExport: SpanExport;
  sampler: Sampler;
  clock: Pick<Clock, 'setTimer' | 'randomHex'>;
  /** What requests do at the database; given as child spans of those that take long. */
  work?: Pick<RequestWork, 'sofar'>;
  /** From so many milliseconds on a request takes long. */
  slowMs?: number;
  /** `db.system`: `sqlite` or `postgresql`. */
  database?: string;
  /** Spans held in memory; default 2,048. */
  maxQueued?: number;
  /** Spans a send; default 512. */
  batchSize?: number;
  /** Milliseconds that a span waits for company; default 5,000. */
  flushAfterMs?: number;
}

/** Requests that wait, that come all the time, or that only ask whether we live: their spans would drown the others. */
const QUIET_ROUTE = /^\/(?:jobs\/pull|workers\/heartbeat|pipelines\/[^/]+\/wait|events|metrics|healthz?(?:\/.*)?|readyz?)$/;

export function createServerSpans(deps: ServerSpansDeps): ServerSpans {
  const { spanExport, clock, maxQueued = 2_048, batchSize = 512, flushAfterMs = 5_000 } = deps;
  const traceOf = (info: Pick<RequestInfo, 'traceparent' | 'tracestate'>) => contextOf(info, deps);
  if (!spanExport.enabled)
    return { recordRequest: () => {}, traceOf, dropped: () => 0, flush: async () => {}, shutdown: async () => {} };
  let queue: SpanParts[] = [];
  let dropped = 0;
  let timer: Timer | undefined;
  let sending: Promise<void> = Promise.resolve();
  let closed = false;

  async function sendAll(): Promise<void> {
    timer?.cancel();
    timer = undefined;
    while (queue.length > 0) {
      const batch = queue.slice(0, batchSize);
      queue = queue.slice(batchSize);
      await spanExport.send(batch).catch(() => {
        dropped += batch.length;
      });
    }
  }

  /** One send at a time, so that a slow backend fills the queue and not the memory. */
  function flush(): Promise<void> {
    sending = sending.then(sendAll);
    return sending;
  }

  return {
    recordRequest(info) {
      if (closed || QUIET_ROUTE.test(info.route)) return;
      const context = info.trace ?? traceOf(info);
      if ((context.flags & SAMPLED) === 0) return;
      const spans = [{ ...context, ...requestParts(info) }, ...childrenOf(info, context, deps)];
      const room = Math.max(maxQueued - queue.length, 0);
      dropped += Math.max(spans.length - room, 0);
      queue.push(...spans.slice(0, room));
      if (queue.length >= batchSize) void flush();
      else timer ??= clock.setTimer(() => void flush(), flushAfterMs);
    },
    traceOf,
    dropped: () => dropped,
    flush,
    async shutdown(graceMs = SHUTDOWN_GRACE_MS) {
      closed = true;
      await settledWithin(flush(), graceMs, clock);
    },
  };
}

function contextOf(
  { traceparent, tracestate }: Pick<RequestInfo, 'traceparent' | 'tracestate'>,
  { sampler, clock, spanExport }: ServerSpansDeps,
): RequestTrace {
  const parent = parseTraceparent(traceparent);
  const traceId = parent?.traceId ?? clock.randomHex(16);
  return {
    traceId,
    spanId: clock.randomHex(8),
    flags: sampler(traceId, parent?.flags),
    tracestate: parent && parseTracestate(tracestate),
    parent: parent && { spanId: parent.spanId, isRemote: true },
    isExported: spanExport.enabled,
  };
}

function requestParts({ method, route, path, status, startedAt, durationMs, requestId, userId }: RequestInfo) {
  const isFault = status >= 500; // a 4xx is the caller's error, not ours
  return {
    name: `${method} ${route}`,
    kind: SpanKind.SERVER,
    startedAt,
    endedAt: startedAt + durationMs,
    status: isFault ? failed(undefined) : unset,
    attributes: {
      [names.HTTP_REQUEST_METHOD]: method,
      [names.HTTP_ROUTE]: route,
      ...(path !== undefined && { [names.URL_PATH]: path }),
      [names.HTTP_RESPONSE_STATUS_CODE]: status,
      [names.PIPELOGIQ_REQUEST_ID]: requestId,
      ...(userId !== undefined && { [names.USER_ID]: userId }),
      ...(isFault && { [names.ERROR_TYPE]: String(status) }),
    },
  };
}

const OPERATION = /^\s*(?:with\b[\s\S]*?\)\s*)?(select|insert|update|delete)\b/i;
const MAX_TEXT = 2_000;

/** What a slow request did at the database, so that one sees where its time went. */
function childrenOf(info: RequestInfo, context: RequestTrace, deps: ServerSpansDeps): SpanParts[] {
  const { work, slowMs = Number.POSITIVE_INFINITY, database = '', clock } = deps;
  if (!work || info.durationMs < slowMs) return [];
  return work.sofar().map(({ kind, text = '', endedAt, durationMs }) => {
    const operation = kind === 'commit' ? 'COMMIT' : (OPERATION.exec(text)?.[1]?.toUpperCase() ?? 'QUERY');
    return {
      ...context,
      spanId: clock.randomHex(8),
      parent: { spanId: context.spanId, isRemote: false },
      name: `${operation} ${database}`,
      kind: SpanKind.CLIENT,
      startedAt: endedAt - durationMs,
      endedAt,
      status: unset,
      attributes: {
        [names.DB_SYSTEM]: database,
        [names.DB_SYSTEM_NAME]: database,
        [names.DB_OPERATION_NAME]: operation,
        ...(text !== '' && { [names.DB_QUERY_TEXT]: text.slice(0, MAX_TEXT) }),
      },
    };
  });
}
