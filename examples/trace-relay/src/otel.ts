import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { startObservability } from '@pipelogiq/sdk/observability';

/** An OpenTelemetry SDK: one that exports when `OTEL_EXPORTER_OTLP_ENDPOINT` is set, else one that only makes ids. */
export async function startTracing(): Promise<{ shutdown(): Promise<void> }> {
  const observability = await startObservability({ serviceName: 'trace-relay', metrics: false, logs: { level: 'warn' } });
  const provider = new BasicTracerProvider();
  if (trace.setGlobalTracerProvider(provider)) context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    async shutdown() {
      await observability.shutdown();
      await provider.shutdown();
      trace.disable();
      context.disable();
    },
  };
}
