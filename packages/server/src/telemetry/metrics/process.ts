import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Family, HistogramSeries, type MetricType, NumberSeries, type Series } from './families.js';

/** Gauges that are called like counters; each has a better named twin with a label `type`. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** One for the process, whatever number of control planes it has: what prom-client watches is the process, and for good. */
let shared: Registry | undefined;

function registry(): Registry {
  if (shared) return shared;
  shared = new Registry();
  collectDefaultMetrics({ register: shared });
  for (const name of MISNAMED) shared.removeSingleMetric(name);
  return shared;
}

/** A line of prom-client. */
interface Line {
  value: number;
  labels: { readonly [name: string]: string | number };
  /** Of the lines of a histogram: the metric's name with an ending. */
  metricName?: string;
}

/** Begins to watch the process. */
export const watchProcess = (): void => void registry();

/** Metrics of the process and of Node.js, under the names that Prometheus clients share. */
export async function processMetrics(): Promise<Family[]> {
  const metrics = await registry().getMetricsAsJSON();
  return metrics.map((metric) => {
    const { name, help, values } = metric as unknown as { name: string; help: string; values: readonly Line[] };
    const type = metric.type as unknown as MetricType;
    const isHistogram = type === 'histogram';
    return { name, help, type, series: isHistogram ? histogramsOf(values) : values.filter(isKnown).map(numberOf) };
  });
}

/** The least delay of the event loop as long as none was measured, in seconds; the mean of none is NaN. */
const NONE_YET = 2 ** 63 / 1e9;
const isKnown = ({ value }: Line): boolean => !Number.isNaN(value) && value !== NONE_YET;

const labelsOf = ({ labels }: Line): [string[], string[]] => [Object.keys(labels), Object.values(labels).map(String)];

function numberOf(line: Line): NumberSeries {
  const series = new NumberSeries(...labelsOf(line));
  series.value = line.value;
  return series;
}

/** Their lines come in order: the buckets of one series, its sum, its count. */
function histogramsOf(lines: readonly Line[]): Series[] {
  const found: Series[] = [];
  let buckets: { bound: number; below: number }[] = [];
  let sum = 0;
  for (const line of lines) {
    const { value, metricName = '' } = line;
    if (metricName.endsWith('_bucket')) buckets.push({ bound: Number(line.labels.le), below: value });
    else if (metricName.endsWith('_sum')) sum = value;
    else {
      const bounds = buckets.slice(0, -1).map(({ bound }) => bound); // the last is +Inf
      const series = new HistogramSeries(...labelsOf(line), bounds);
      for (const [index, { below }] of buckets.entries()) series.counts[index] = below - (buckets[index - 1]?.below ?? 0);
      series.sum = sum;
      series.count = value;
      found.push(series);
      buckets = [];
    }
  }
  return found;
}
