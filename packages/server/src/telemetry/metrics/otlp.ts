import { type HrTime, ValueType } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { MetricData, MetricProducer, PeriodicExportingMetricReader, PushMetricExporter } from '@opentelemetry/sdk-metrics';
import { SERVER_VERSION } from '../../version.js';
import type { MetricExportConfig } from '../otel-config.js';
import { needsPackage, otlpOptions } from '../otlp-options.js';
import type { Family, HistogramSeries, NumberSeries } from './families.js';

type Sdk = typeof import('@opentelemetry/sdk-metrics');

export interface MetricExport {
  /** Sends what is left, and ends. */
  shutdown(): Promise<void>;
}

export interface MetricExportDeps {
  read(): Promise<readonly Family[]>;
  /** Epoch milliseconds. */
  now(): number;
  /** Told of each export that was not taken. */
  onError(error: unknown): void;
}

/**
 * Hands the metrics that `/metrics` shows to the SDK of OpenTelemetry, under the same names: one registry, two ways out. Nothing of
 * the SDK is in memory before.
 *
 * @throws Error that names the package to install for OTLP over gRPC
 */
export async function startMetricExport(config: MetricExportConfig, deps: MetricExportDeps): Promise<MetricExport> {
  const sdk = await import('@opentelemetry/sdk-metrics');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const resource = resourceFromAttributes(config.resource);
  const reader: PeriodicExportingMetricReader = new sdk.PeriodicExportingMetricReader({
    exporter: reporting(await openExporter(config, sdk), deps),
    exportIntervalMillis: config.intervalMs,
    exportTimeoutMillis: Math.min(config.timeoutMs, config.intervalMs),
    metricProducers: [producer(sdk, resource, deps)],
  });
  const provider = new sdk.MeterProvider({ resource, readers: [reader] });
  return { shutdown: () => provider.shutdown() };
}

/** The SDK keeps the failures of an exporter to itself. */
function reporting(exporter: PushMetricExporter, { onError }: MetricExportDeps): PushMetricExporter {
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      if (result.code !== ExportResultCode.SUCCESS) onError(result.error);
      done(result);
    });
  return exporter;
}

async function openExporter(config: MetricExportConfig, sdk: Sdk): Promise<PushMetricExporter> {
  if (config.exporter === 'console') return new sdk.ConsoleMetricExporter();
  const { OTLPMetricExporter } = await (config.protocol === 'grpc'
    ? import('@opentelemetry/exporter-metrics-otlp-grpc').catch(needsPackage('@opentelemetry/exporter-metrics-otlp-grpc'))
    : import('@opentelemetry/exporter-metrics-otlp-proto'));
  return new OTLPMetricExporter(otlpOptions(config));
}

function producer(sdk: Sdk, resource: Resource, { read, now }: MetricExportDeps): MetricProducer {
  const startTime = hrTime(now());
  return {
    async collect() {
      const families = await read();
      const times = { startTime, endTime: hrTime(now()) };
      const scope = { name: '@pipelogiq/server', version: SERVER_VERSION };
      const metrics = families.map((family) => metricData(family, sdk, times));
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] };
    },
  };
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];

function metricData({ name, help, type, series }: Family, sdk: Sdk, times: { startTime: HrTime; endTime: HrTime }): MetricData {
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
  };
  const complete = [...series].filter(({ isComplete }) => isComplete);
  if (type === 'histogram') {
    const dataPoints = (complete as HistogramSeries[]).map(({ attributes, bounds, counts, sum, count }) => ({
      ...times,
      attributes,
      value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
    }));
    return { ...common, dataPointType: sdk.DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = (complete as NumberSeries[]).map(({ attributes, value }) => ({ ...times, attributes, value }));
  if (type === 'gauge') return { ...common, dataPointType: sdk.DataPointType.GAUGE, dataPoints };
  return { ...common, dataPointType: sdk.DataPointType.SUM, isMonotonic: true, dataPoints };
}

/** UCUM units by the endings that Prometheus prescribes. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  if (/_bytes(_total)?$/.test(name)) return 'By';
  return /_ratio$/.test(name) ? '1' : '';
}
