import {
  type Attributes,
  createTraceState,
  type HrTime,
  type Link,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';

/** The instrumentation scope of every span that the server itself makes. */
const SCOPE: InstrumentationScope = { name: '@pipelogiq/server' };

/** What a span needs; times are epoch milliseconds, fractions kept to the nanosecond. */
export interface SpanParts {
  name: string;
  kind: SpanKind;
  traceId: string;
  spanId: string;
  flags: number;
  tracestate?: string | undefined;
  parent?: { spanId: string; isRemote: boolean } | undefined;
  startedAt: number;
  endedAt: number;
  status: SpanStatus;
  attributes: Attributes;
  events?: readonly SpanEvent[];
  links?: readonly Link[];
}

export interface SpanEvent {
  name: string;
  at: number;
  attributes: Attributes;
}

/** OpenTelemetry's default limits; without them a stage with a thousand deliveries would outgrow a collector's message. */
const MAX_EVENTS = 128;
const MAX_LINKS = 128;
const MAX_STATUS_LENGTH = 1_024;

/**
 * Makes a finished span with ids that were given out long before: the tracer API can only make new ids, and a worker has
 * already parented its spans on these.
 */
export function finishedSpan(resource: Resource, parts: SpanParts): ReadableSpan {
  const traceState = parts.tracestate === undefined ? {} : { traceState: createTraceState(parts.tracestate) };
  const context = { traceId: parts.traceId, spanId: parts.spanId, traceFlags: parts.flags, ...traceState };
  const endedAt = Math.max(parts.endedAt, parts.startedAt); // a clock set back must not give a negative duration
  const events = latest(parts.events ?? [], MAX_EVENTS);
  const links = latest(parts.links ?? [], MAX_LINKS);
  return {
    name: parts.name,
    kind: parts.kind,
    spanContext: () => context,
    ...(parts.parent && { parentSpanContext: { ...context, ...parts.parent } }),
    startTime: hrTime(parts.startedAt),
    endTime: hrTime(endedAt),
    duration: hrTime(endedAt - parts.startedAt),
    ended: true,
    status: parts.status,
    attributes: parts.attributes,
    events: events.map(timedEvent),
    links: [...links],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: (parts.events?.length ?? 0) - events.length,
    droppedLinksCount: (parts.links?.length ?? 0) - links.length,
  };
}

export const unset: SpanStatus = { code: SpanStatusCode.UNSET };

export function failed(message: string | undefined): SpanStatus {
  return { code: SpanStatusCode.ERROR, ...(message && { message: message.slice(0, MAX_STATUS_LENGTH) }) };
}

const latest = <T>(items: readonly T[], count: number): readonly T[] => (items.length > count ? items.slice(-count) : items);

const timedEvent = ({ name, at, attributes }: SpanEvent): TimedEvent => ({ name, time: hrTime(at), attributes });

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
