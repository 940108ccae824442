import { type Link, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { ATTR, type Operation, spanName } from './attributes.js';
import { extract, type TraceHeaders } from './context.js';
import { operationAttributes, recordError, spanError, tracer } from './tracer.js';

/** One job of a call to the server, as far as a span needs it. */
export interface CallSubject extends TraceHeaders {
  id: string;
  handler: string;
}

/**
 * Records the CLIENT span of a `pull`, `ack` or `nack` that has been answered. One call serves jobs of many traces, so
 * the span stands in a trace of its own and links to each (messaging conventions, "batch"); a settle of a single job
 * is a child of that job's span. A call without jobs, such as an empty poll, leaves no span.
 */
export function recordCall(operation: Operation, startedAt: number, subjects: readonly CallSubject[], error?: unknown): void {
  const first = subjects[0];
  const spans = tracer();
  if (!first || !spans) return;
  const destination = subjects.every(({ handler }) => handler === first.handler) ? first.handler : undefined;
  const single = subjects.length === 1;
  const attributes = {
    ...operationAttributes(operation, destination),
    ...(single ? { [ATTR.messageId]: first.id } : { [ATTR.batchCount]: subjects.length }),
  };
  const parent = single && operation !== 'pull' ? extract(first) : ROOT_CONTEXT;
  const span = spans.startSpan(
    spanName(operation, destination),
    { kind: SpanKind.CLIENT, attributes, links: linksTo(subjects), startTime: startedAt },
    parent,
  );
  if (error !== undefined) recordError(span, spanError(error));
  span.end();
}

function linksTo(subjects: readonly CallSubject[]): Link[] {
  return subjects.flatMap((subject) => {
    const linked = trace.getSpanContext(extract(subject));
    return linked ? [{ context: linked }] : [];
  });
}
