import { type Attributes, type Context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { activeContext, extract, inject, type TraceHeaders, withContext, withRemoteContext } from '../tracing/context.js';
import { recordError, spanError, tracer } from '../tracing/tracer.js';

/** Headers as Node.js and fetch have them. */
export type IncomingHeaders = Headers | { readonly [name: string]: string | readonly string[] | undefined };

/**
 * Continues the trace of a request that came in: `fn` runs in a SERVER span below the caller's, and what it creates and calls
 * carries the trace on. A traceparent that W3C Trace Context calls invalid begins a new trace, and its tracestate is dropped. Without
 * an OpenTelemetry SDK the caller's context flows through as it is.
 *
 * @param name low in variety: `POST /orders`
 * @example createServer((request, response) => withIncomingTrace(request.headers, 'POST /orders', () => handle(request, response)));
 */
export async function withIncomingTrace<T>(headers: IncomingHeaders, name: string, fn: () => Promise<T> | T): Promise<T> {
  const remote = traceHeaders(headers);
  const spans = tracer();
  if (!spans) return withRemoteContext(remote, async () => fn());
  const parent = extract(remote);
  const span = spans.startSpan(name, { kind: SpanKind.SERVER }, parent);
  return inSpan(span, parent, async () => fn());
}

/**
 * `fetch` that carries the active trace on, in a CLIENT span: for what handlers call. Without an OpenTelemetry SDK the context of the
 * stage still travels. The query of the URL is kept out of the span, because it may hold secrets.
 *
 * @throws what `fetch` throws
 */
export async function tracedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const parent = activeContext();
  const spans = tracer();
  if (!spans) return fetch(carrying(request, parent));
  const span = spans.startSpan(request.method, { kind: SpanKind.CLIENT, attributes: requestAttributes(request) }, parent);
  return inSpan(span, parent, async (active) => {
    const answer = await fetch(carrying(request, active));
    span.setAttribute('http.response.status_code', answer.status);
    if (answer.status >= 400) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute('error.type', String(answer.status));
    }
    return answer;
  });
}

async function inSpan<T>(span: Span, parent: Context, fn: (active: Context) => Promise<T>): Promise<T> {
  const active = trace.setSpan(parent, span);
  try {
    return await withContext(active, () => fn(active));
  } catch (error) {
    recordError(span, spanError(error));
    throw error;
  } finally {
    span.end();
  }
}

function carrying(request: Request, from: Context): Request {
  for (const [name, value] of Object.entries(inject(from))) request.headers.set(name, value);
  return request;
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span */
function requestAttributes({ method, url }: Request): Attributes {
  const { protocol, hostname, port, host, pathname } = new URL(url);
  return {
    'http.request.method': method,
    'url.full': `${protocol}//${host}${pathname}`,
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  };
}

/** A traceparent that came twice is invalid as a whole; the lists of several tracestates are one. */
function traceHeaders(headers: IncomingHeaders): TraceHeaders {
  const read = (name: string): string | undefined => {
    const value = headers instanceof Headers ? headers.get(name) : headers[name];
    return Array.isArray(value) ? value.join(',') : ((value as string | null | undefined) ?? undefined);
  };
  const traceparent = read('traceparent');
  const tracestate = read('tracestate');
  return { ...(traceparent !== undefined && { traceparent }), ...(tracestate !== undefined && { tracestate }) };
}
