import { HistogramMetric, type Metric } from './instruments.js';

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

/** Metrics as Prometheus reads them. One that has no series yet shows its HELP and TYPE alone. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.map((metric) => `${head(metric)}${body(metric)}`).join('');
}

const head = ({ shape }: Metric): string =>
  `# HELP ${shape.name} ${shape.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${shape.name} ${shape.type}\n`;

function body(metric: Metric): string {
  const { name, labels } = metric.shape;
  if (metric instanceof HistogramMetric) return histogram(metric);
  return [...metric.series].map(({ values, state }) => line(name, labels, values, state.value)).join('');
}

function histogram({ shape, series }: HistogramMetric): string {
  const { name, labels, buckets } = shape;
  const withBound = [...labels, 'le'];
  return [...series]
    .map(({ values, state }) => {
      let below = 0;
      const lines = buckets.map((bound, index) => {
        below += state.counts[index] ?? 0;
        return line(`${name}_bucket`, withBound, [...values, String(bound)], below);
      });
      lines.push(line(`${name}_bucket`, withBound, [...values, '+Inf'], state.count));
      return `${lines.join('')}${line(`${name}_sum`, labels, values, state.sum)}${line(`${name}_count`, labels, values, state.count)}`;
    })
    .join('');
}

function line(name: string, labels: readonly string[], values: readonly string[], value: number): string {
  const pairs = labels.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
