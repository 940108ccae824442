import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, context, createContextKey, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { formatTraceparent, parseTraceparent, parseTracestate } from '@pipelogiq/protocol';

/** What travels with a call: header names and wire fields alike. */
export interface TraceHeaders {
  traceparent?: string;
  tracestate?: string;
}

const propagator = new W3CTraceContextPropagator();
const setter = {
  set: (carrier: Record<string, string>, key: string, value: string) => {
    carrier[key] = value;
  },
};
const getter = {
  get: (carrier: TraceHeaders, key: string) => carrier[key as keyof TraceHeaders],
  keys: (carrier: TraceHeaders) => Object.keys(carrier),
};

/** The context that `headers` describe; the root context when the traceparent is invalid (W3C §3.2.2.3, start anew). */
export function extract(headers: TraceHeaders): Context {
  const parent = parseTraceparent(headers.traceparent);
  if (!parent) return ROOT_CONTEXT;
  const tracestate = parseTracestate(headers.tracestate);
  const carrier: TraceHeaders = { traceparent: formatTraceparent(parent), ...(tracestate !== undefined && { tracestate }) };
  return propagator.extract(ROOT_CONTEXT, carrier, getter);
}

/** Headers for the span that `from` carries; empty when it carries none. */
export function inject(from: Context): TraceHeaders {
  const carrier: Record<string, string> = {};
  propagator.inject(from, carrier, setter);
  const parent = parseTraceparent(carrier.traceparent); // masks the flags: core prints a third digit for flags above 0xff
  if (!parent) return {};
  const tracestate = parseTracestate(carrier.tracestate);
  return { traceparent: formatTraceparent(parent), ...(tracestate !== undefined && { tracestate }) };
}

// Without a registered context manager `context.with` does nothing. A pipeline that a handler creates must still
// continue the handler's trace, so our own storage carries the context then, and only then: it is not free.
const storage = new AsyncLocalStorage<TraceHeaders>();
const PROBE = createContextKey('pipelogiq probe');
const PROBING = ROOT_CONTEXT.setValue(PROBE, true);
const isProbed = () => context.active().getValue(PROBE) === true;

/** Runs `fn` in the context that `headers` describe, with or without a registered context manager. */
export function withRemoteContext<T>(headers: TraceHeaders, fn: () => T): T {
  return context.with(PROBING, isProbed) ? context.with(extract(headers), fn) : storage.run(headers, fn);
}

/** Runs `fn` with `active` as the active context, with or without a registered context manager. */
export function withContext<T>(active: Context, fn: () => T): T {
  return context.with(PROBING, isProbed) ? context.with(active, fn) : storage.run(inject(active), fn);
}

export function activeContext(): Context {
  const active = context.active();
  const span = trace.getSpanContext(active);
  if (span && isSpanContextValid(span)) return active;
  const remote = storage.getStore();
  return remote ? extract(remote) : active;
}
