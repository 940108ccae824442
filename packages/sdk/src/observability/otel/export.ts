import { type MeterProvider as ApiMeterProvider, context, metrics, propagation, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { SamplerConfig, SignalConfig } from '@pipelogiq/protocol';
import type { ObservabilityConfig } from '../config.js';
import type { LogSink } from '../log/logger.js';
import type { MetricRegistry } from '../metrics/registry.js';
import { logSink } from './log-sink.js';
import { registryProducer } from './metric-producer.js';
import { exporterOf, loadPackages, type Packages } from './packages.js';

/** The OpenTelemetry SDK of a process, as far as it was asked for. */
export interface OtelExport {
  /** Where log lines go as records; undefined when logs are not exported. */
  logs: LogSink | undefined;
  flush(): Promise<void>;
  /** Sends what is left and gives up the global registrations that it made. */
  shutdown(): Promise<void>;
}

/** Milliseconds for a flush or a shutdown. */
const FLUSH_MS = 5_000;

interface Part {
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Starts the export of every signal that has an endpoint. Where a tracer provider is registered already, it stays: spans are its.
 *
 * @throws ConfigurationError with the `npm install` line when a package is missing
 */
export async function startExport(
  config: ObservabilityConfig,
  registry: MetricRegistry,
  warn: (message: string) => void,
): Promise<OtelExport> {
  const { traces, metrics: metricsExport, logs } = config.exports;
  const packages = await loadPackages(config.exports);
  if (!traces && !metricsExport && !logs) return { logs: undefined, flush: async () => {}, shutdown: async () => {} };
  const { resourceFromAttributes, defaultResource } = packages('@opentelemetry/resources');
  const resource = defaultResource().merge(resourceFromAttributes(config.resource));
  const logExport = logs && exportLogs(packages, logs, resource);
  const parts: (Part | undefined)[] = [
    traces && exportTraces(packages, traces, resource, config.sampler, warn),
    metricsExport && exportMetrics(packages, metricsExport, resource, registry, config.metrics.exportIntervalMs),
    logExport,
  ];
  const all = async (act: (part: Part) => Promise<void>) => {
    const results = await Promise.allSettled(parts.map((part) => part && inTime(act(part))));
    for (const result of results) if (result.status === 'rejected') warn(`exporting over OTLP failed: ${String(result.reason)}`);
  };
  return { logs: logExport?.sink, flush: () => all((part) => part.flush()), shutdown: () => all((part) => part.shutdown()) };
}

/** A process with a dead collector must still end. */
async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${FLUSH_MS} ms`)), FLUSH_MS);
  });
  await Promise.race([work, tooLong]).finally(() => clearTimeout(timer));
}

function exportTraces(
  packages: Packages,
  config: SignalConfig,
  resource: Resource,
  sampler: SamplerConfig,
  warn: (message: string) => void,
): Part | undefined {
  const base = packages('@opentelemetry/sdk-trace-base');
  const { AsyncLocalStorageContextManager } = packages('@opentelemetry/context-async-hooks');
  const exporter: SpanExporter =
    config.exporter === 'console'
      ? new base.ConsoleSpanExporter()
      : new (packages(exporterOf('traces', config) as '@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter)(
          exporterOptions(config),
        );
  const spanProcessors = [new base.BatchSpanProcessor(exporter)];
  const provider = new base.BasicTracerProvider({ resource, sampler: samplerOf(base, sampler), spanProcessors });
  if (!trace.setGlobalTracerProvider(provider)) {
    warn('another OpenTelemetry SDK is registered in this process: it keeps the spans');
    void provider.shutdown();
    return undefined;
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const propagators = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  propagation.setGlobalPropagator(new CompositePropagator({ propagators }));
  return {
    flush: () => provider.forceFlush(),
    shutdown: async () => {
      trace.disable();
      context.disable();
      propagation.disable();
      await provider.shutdown();
    },
  };
}

function samplerOf(base: typeof import('@opentelemetry/sdk-trace-base'), { kind, parentBased, ratio }: SamplerConfig): Sampler {
  const decide = {
    always_on: () => new base.AlwaysOnSampler(),
    always_off: () => new base.AlwaysOffSampler(),
    traceidratio: () => new base.TraceIdRatioBasedSampler(ratio),
  };
  const root = decide[kind]();
  return parentBased ? new base.ParentBasedSampler({ root }) : root;
}

function exportMetrics(
  packages: Packages,
  config: SignalConfig,
  resource: Resource,
  registry: MetricRegistry,
  exportIntervalMillis: number,
): Part {
  const sdk = packages('@opentelemetry/sdk-metrics');
  const exporter =
    config.exporter === 'console'
      ? new sdk.ConsoleMetricExporter()
      : new (packages(exporterOf('metrics', config) as '@opentelemetry/exporter-metrics-otlp-proto').OTLPMetricExporter)(
          exporterOptions(config),
        );
  const reader = new sdk.PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(config.timeoutMs, exportIntervalMillis),
    metricProducers: [registryProducer(registry, sdk, resource)],
  });
  const provider = new sdk.MeterProvider({ resource, readers: [reader] });
  const isOurs = metrics.setGlobalMeterProvider(provider as ApiMeterProvider);
  return {
    flush: () => provider.forceFlush(),
    shutdown: async () => {
      if (isOurs) metrics.disable();
      await provider.shutdown();
    },
  };
}

function exportLogs(packages: Packages, config: SignalConfig, resource: Resource): Part & { sink: LogSink } {
  const sdk = packages('@opentelemetry/sdk-logs');
  const exporter =
    config.exporter === 'console'
      ? new sdk.ConsoleLogRecordExporter()
      : new (packages(exporterOf('logs', config) as '@opentelemetry/exporter-logs-otlp-proto').OTLPLogExporter)(
          exporterOptions(config),
        );
  const provider = new sdk.LoggerProvider({ resource, processors: [new sdk.BatchLogRecordProcessor({ exporter })] });
  return { sink: logSink(provider), flush: () => provider.forceFlush(), shutdown: () => provider.shutdown() };
}

/** The exporters' own enum of the same strings, which they do not export. */
type Options = NonNullable<ConstructorParameters<typeof import('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter>[0]>;
type Compression = NonNullable<Options['compression']>;

/**
 * For both protocols. The gRPC exporters take headers as `metadata`, of which they call these two methods only; so `@grpc/grpc-js`,
 * which comes with them, need not be imported here.
 */
function exporterOptions({ protocol, endpoint, headers, compression, timeoutMs }: SignalConfig): Options {
  const common = { url: endpoint, timeoutMillis: timeoutMs, compression: compression as Compression };
  if (protocol !== 'grpc') return { ...common, headers };
  const metadata = { clone: () => metadata, getMap: () => headers };
  return { ...common, metadata } as Options;
}
