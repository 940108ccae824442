import { SpanKind } from '@opentelemetry/api';
import { parseTraceparent, parseTracestate, SAMPLED } from '@pipelogiq/protocol';
import type { Clock, Timer } from '../clock.js';
import { SHUTDOWN_GRACE_MS, settledWithin } from '../settled-within.js';
import * as names from './attributes.js';
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
  requestId: string;
}

/**
 * Spans of the server's own HTTP requests. Best effort, unlike those of pipelines: they wait in memory, bounded, and what
 * does not fit or is refused is dropped and counted. Nothing here ever delays or fails a request.
 */
export interface ServerSpans {
  recordRequest(info: RequestInfo): void;
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
  /** Spans held in memory; default 2,048. */
  maxQueued?: number;
  /** Spans a send; default 512. */
  batchSize?: number;
  /** Milliseconds that a span waits for company; default 5,000. */
  flushAfterMs?: number;
}

const OFF: ServerSpans = {
  recordRequest: () => {},
  dropped: () => 0,
  flush: async () => {},
  shutdown: async () => {},
};

/** Requests that wait, that come all the time, or that only ask whether we live: their spans would drown the others. */
const QUIET_ROUTE = /^\/(?:jobs\/pull|workers\/heartbeat|pipelines\/[^/]+\/wait|events|metrics|healthz?(?:\/.*)?|readyz?)$/;

export function createServerSpans(deps: ServerSpansDeps): ServerSpans {
  const { spanExport, clock, maxQueued = 2_048, batchSize = 512, flushAfterMs = 5_000 } = deps;
  if (!spanExport.enabled) return OFF;
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
      const context = contextOf(info, deps);
      if ((context.flags & SAMPLED) === 0) return;
      if (queue.length >= maxQueued) {
        dropped += 1;
        return;
      }
      queue.push({ ...context, ...requestParts(info) });
      if (queue.length === batchSize) void flush();
      else timer ??= clock.setTimer(() => void flush(), flushAfterMs);
    },
    dropped: () => dropped,
    flush,
    async shutdown(graceMs = SHUTDOWN_GRACE_MS) {
      closed = true;
      await settledWithin(flush(), graceMs, clock);
    },
  };
}

function contextOf({ traceparent, tracestate }: RequestInfo, { sampler, clock }: ServerSpansDeps) {
  const parent = parseTraceparent(traceparent);
  const traceId = parent?.traceId ?? clock.randomHex(16);
  return {
    traceId,
    spanId: clock.randomHex(8),
    flags: sampler(traceId, parent?.flags),
    tracestate: parent && parseTracestate(tracestate),
    parent: parent && { spanId: parent.spanId, isRemote: true },
  };
}

function requestParts({ method, route, path, status, startedAt, durationMs, requestId }: RequestInfo) {
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
      ...(isFault && { [names.ERROR_TYPE]: String(status) }),
    },
  };
}
