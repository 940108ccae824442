import { type Attributes, type Context, type Span, SpanKind, trace } from '@opentelemetry/api';
import type { StageJob } from '@pipelogiq/protocol';
import { ATTR, spanName, TRACER_NAME } from './attributes.js';
import { activeContext, extract, inject, type TraceHeaders, withContext, withRemoteContext } from './context.js';
import { operationAttributes, recordError, type SpanError, spanError, tracer } from './tracer.js';

/** Result of a delivery in the words of the cicd conventions. */
export type TaskResult = 'success' | 'failure' | 'timeout' | 'cancellation' | 'skip';

/** The CONSUMER span of one delivery, or, with no OpenTelemetry SDK registered, just the context of its stage. */
export interface ProcessSpan {
  /** What a call made by the handler should carry. */
  readonly headers: TraceHeaders;
  /** Runs the handler with this span active. */
  run<T>(fn: () => T): T;
  /** Runs part of the handler inside a child span. */
  step<T>(name: string, fn: () => Promise<T>): Promise<T>;
  end(result: TaskResult, error?: SpanError): void;
}

/** Opens `process {handler}`, parented on and linked to the job's traceparent. */
export function startProcessSpan(job: StageJob, workerId: string): ProcessSpan {
  const spans = tracer();
  if (!spans) return new ContextOnly(job);
  const parent = extract(job);
  const linked = trace.getSpanContext(parent);
  const attributes = processAttributes(job, workerId);
  const links = linked ? [{ context: linked }] : [];
  const span = spans.startSpan(spanName('process', job.handler), { kind: SpanKind.CONSUMER, attributes, links }, parent);
  return recording(span, trace.setSpan(parent, span));
}

function recording(span: Span, active: Context): ProcessSpan {
  const { traceId } = span.spanContext();
  const innermost = () => {
    const current = activeContext();
    return trace.getSpanContext(current)?.traceId === traceId ? current : active;
  };
  return {
    headers: inject(active),
    run: (fn) => withContext(active, fn),
    step: (name, fn) => childSpan(name, innermost(), fn), // a step inside a step is its child
    end: (result, error) => {
      span.setAttribute(ATTR.taskRunResult, result);
      if (error) recordError(span, error);
      span.end();
    },
  };
}

/** Nothing is recorded and, until somebody asks, nothing parsed: this stands in the way of every job. */
class ContextOnly implements ProcessSpan {
  readonly #remote: TraceHeaders;

  constructor(remote: TraceHeaders) {
    this.#remote = remote;
  }

  get headers(): TraceHeaders {
    return inject(extract(this.#remote));
  }

  run<T>(fn: () => T): T {
    return withRemoteContext(this.#remote, fn);
  }

  step<T>(_name: string, fn: () => Promise<T>): Promise<T> {
    return fn();
  }

  end(): void {}
}

async function childSpan<T>(name: string, parent: Context, fn: () => Promise<T>): Promise<T> {
  const span = trace.getTracer(TRACER_NAME).startSpan(name, { kind: SpanKind.INTERNAL }, parent);
  try {
    return await withContext(trace.setSpan(parent, span), fn);
  } catch (error) {
    recordError(span, spanError(error));
    throw error;
  } finally {
    span.end();
  }
}

const processAttributes = (job: StageJob, workerId: string): Attributes => ({
  ...operationAttributes('process', job.handler),
  [ATTR.messageId]: job.id,
  [ATTR.pipelineName]: job.pipelineName,
  [ATTR.pipelineRunId]: job.pipelineId,
  [ATTR.taskName]: job.stage,
  [ATTR.taskRunId]: job.id,
  [ATTR.workerId]: workerId,
  [ATTR.attempt]: job.attempt,
});
