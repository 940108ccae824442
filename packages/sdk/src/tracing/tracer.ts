import { type Attributes, ProxyTracerProvider, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { ATTR, OPERATION_TYPE, type Operation, SYSTEM, TRACER_NAME } from './attributes.js';

const NOTHING_REGISTERED = new ProxyTracerProvider().getDelegate();

/** The tracer when an OpenTelemetry SDK is registered, else undefined: spans that nobody reads are not built. */
export function tracer(): Tracer | undefined {
  const provider = trace.getTracerProvider() as Partial<ProxyTracerProvider> & ReturnType<typeof trace.getTracerProvider>;
  if (provider.getDelegate?.() === NOTHING_REGISTERED) return undefined;
  return trace.getTracer(TRACER_NAME);
}

export const operationAttributes = (operation: Operation, destination?: string): Attributes => ({
  [ATTR.system]: SYSTEM,
  [ATTR.operationName]: operation,
  [ATTR.operationType]: OPERATION_TYPE[operation],
  ...(destination !== undefined && { [ATTR.destination]: destination }),
});

export interface SpanError {
  code: string;
  message: string;
  stack?: string | undefined;
}

/** Records what went wrong: an exception event, status ERROR, `error.type`. */
export function recordError(span: Span, error: SpanError): void {
  span.recordException({ name: error.code, message: error.message, ...(error.stack !== undefined && { stack: error.stack }) });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  span.setAttribute(ATTR.errorType, error.code);
}

/** `code` or `name` of whatever was thrown, for `error.type`. */
export function spanError(thrown: unknown): SpanError {
  if (!(thrown instanceof Error)) return { code: 'error', message: String(thrown) };
  const code = (thrown as { code?: unknown }).code;
  return { code: typeof code === 'string' ? code : thrown.name, message: thrown.message, stack: thrown.stack };
}
