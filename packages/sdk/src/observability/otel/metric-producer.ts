import type { HrTime } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { MetricData, MetricProducer } from '@opentelemetry/sdk-metrics';
import { SDK_VERSION } from '../../version.js';
import { HistogramMetric, type Metric } from '../metrics/instruments.js';
import type { MetricRegistry } from '../metrics/registry.js';

type Sdk = typeof import('@opentelemetry/sdk-metrics');

/** Hands the metrics that `/metrics` shows to the OpenTelemetry SDK, under the same names: one registry, two ways out. */
export function registryProducer(registry: MetricRegistry, sdk: Sdk, resource: Resource): MetricProducer {
  const startTime = hrTime();
  return {
    async collect() {
      const endTime = hrTime();
      const metrics = (await registry.read()).map((metric) => metricData(metric, sdk, startTime, endTime));
      const scope = { name: '@pipelogiq/sdk', version: SDK_VERSION };
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics }] }, errors: [] };
    },
  };
}

function metricData(metric: Metric, sdk: Sdk, startTime: HrTime, endTime: HrTime): MetricData {
  const { shape } = metric;
  const common = {
    descriptor: { name: shape.name, description: shape.help, unit: unitOf(shape.name), valueType: 1 },
    aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
  };
  const at = (values: readonly string[]) => ({
    startTime,
    endTime,
    attributes: Object.fromEntries(shape.labels.map((label, index) => [label, values[index] ?? ''])),
  });
  if (metric instanceof HistogramMetric) {
    const dataPoints = [...metric.series].map(({ values, state: { counts, sum, count } }) => {
      return { ...at(values), value: { buckets: { boundaries: [...shape.buckets], counts: [...counts] }, sum, count } };
    });
    return { ...common, dataPointType: sdk.DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = [...metric.series].map(({ values, state }) => ({ ...at(values), value: state.value }));
  if (shape.type === 'gauge') return { ...common, dataPointType: sdk.DataPointType.GAUGE, dataPoints };
  return { ...common, dataPointType: sdk.DataPointType.SUM, isMonotonic: true, dataPoints };
}

/** UCUM units by the suffixes that Prometheus prescribes. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return 's';
  if (/_bytes(_total)?$/.test(name)) return 'By';
  return /_ratio$/.test(name) ? '1' : '';
}
