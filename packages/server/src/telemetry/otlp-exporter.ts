import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TracingConfig } from './otel-config.js';
import { needsPackage, otlpOptions } from './otlp-options.js';

/** Loads the exporter that `config` names; nothing of it is in memory until the first export. */
export async function openExporter(config: TracingConfig): Promise<SpanExporter> {
  if (config.exporter === 'console') {
    const { ConsoleSpanExporter } = await import('@opentelemetry/sdk-trace-base');
    return new ConsoleSpanExporter();
  }
  const { OTLPTraceExporter } = await (config.protocol === 'grpc'
    ? import('@opentelemetry/exporter-trace-otlp-grpc').catch(needsPackage('@opentelemetry/exporter-trace-otlp-grpc'))
    : import('@opentelemetry/exporter-trace-otlp-proto'));
  return new OTLPTraceExporter(otlpOptions(config));
}
