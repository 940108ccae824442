import { SpanKind, trace } from '@opentelemetry/api';
import { ATTR, spanName } from './attributes.js';
import { activeContext, inject, type TraceHeaders, withContext } from './context.js';
import { operationAttributes, recordError, spanError, tracer } from './tracer.js';

/**
 * Runs a call that creates a pipeline inside a PRODUCER span `create {pipeline}` and hands it the trace headers to send.
 * With no OpenTelemetry SDK registered there is no span, and the headers are those of the active context, if any.
 */
export async function withCreateSpan<T>(pipelineName: string, fn: (headers: TraceHeaders) => Promise<T>): Promise<T> {
  const parent = activeContext();
  const spans = tracer();
  if (!spans) return fn(inject(parent));
  const attributes = { ...operationAttributes('create', pipelineName), [ATTR.pipelineName]: pipelineName };
  const span = spans.startSpan(spanName('create', pipelineName), { kind: SpanKind.PRODUCER, attributes }, parent);
  const active = trace.setSpan(parent, span);
  try {
    return await withContext(active, () => fn(inject(active)));
  } catch (error) {
    recordError(span, spanError(error));
    throw error;
  } finally {
    span.end();
  }
}
