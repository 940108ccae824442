import { ConfigurationError } from '../../errors.js';
import {
  type Collect,
  type Counter,
  type Gauge,
  type Histogram,
  HistogramMetric,
  type Metric,
  type MetricShape,
  NumberMetric,
} from './instruments.js';
import type { SeriesBounds } from './series.js';

/** What every metric declares. */
export interface MetricOptions<Label extends string = string> {
  /** One sentence, shown as HELP. */
  help: string;
  /** Names of the labels; values outside the bounds become `other`. Never use ids as labels. */
  labels?: readonly Label[];
}

export interface CollectedOptions<Label extends string = string> extends MetricOptions<Label> {
  /** Asked at every scrape and export instead of being set. At most 2 s; what it throws leaves the last values. */
  collect?: Collect<Label>;
}

export interface HistogramOptions<Label extends string = string> extends MetricOptions<Label> {
  /** Upper bounds, ascending; default: for durations in seconds, 5 ms to 5 minutes. */
  buckets?: readonly number[];
}

/** Seconds. 15 and 30 are the target and the alert of the KPI table for job time. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 300];
const COLLECT_MS = 2_000;

const METRIC_NAME = /^[a-z_][a-z0-9_]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const RESERVED_LABELS = new Set(['le', 'quantile']);

/**
 * The metrics of a process. A name that is declared again with the same shape gives the metric that is there, so that modules
 * need not share variables.
 */
export class MetricRegistry {
  readonly #metrics = new Map<string, Metric>();
  readonly #bounds: SeriesBounds;
  readonly #onError: (error: unknown) => void;
  readonly #before: (() => void)[] = [];

  constructor(bounds: SeriesBounds, onError: (error: unknown) => void) {
    this.#bounds = bounds;
    this.#onError = onError;
  }

  /** @throws ConfigurationError for names that Prometheus does not take, and for two metrics of one name */
  counter<Label extends string = never>(name: string, options: CollectedOptions<Label>): Counter<Label> {
    if (!name.endsWith('_total')) throw new ConfigurationError(`Counter "${name}" must end in "_total".`);
    return this.#number('counter', name, options as CollectedOptions);
  }

  gauge<Label extends string = never>(name: string, options: CollectedOptions<Label>): Gauge<Label> {
    if (name.endsWith('_total')) throw new ConfigurationError(`Gauge "${name}" must not end in "_total": that says counter.`);
    return this.#number('gauge', name, options as CollectedOptions);
  }

  histogram<Label extends string = never>(name: string, options: HistogramOptions<Label>): Histogram<Label> {
    const buckets = options.buckets ?? DURATION_BUCKETS;
    const ascending = buckets.every((bound, index) => Number.isFinite(bound) && bound > (buckets[index - 1] ?? -Infinity));
    if (buckets.length === 0 || !ascending) throw new ConfigurationError(`Histogram "${name}" needs ascending, finite buckets.`);
    const shape = shapeOf('histogram', name, options, buckets);
    return this.#declare(shape, () => new HistogramMetric(shape, this.#bounds)) as HistogramMetric;
  }

  /** Called before values are read, for metrics that are cheaper to set together. */
  beforeRead(update: () => void): void {
    this.#before.push(update);
  }

  /** All metrics with their values of now, by name. Never rejects: a callback that fails is reported and keeps its last values. */
  async read(): Promise<Metric[]> {
    for (const update of this.#before) this.#guarded(update);
    const metrics = [...this.#metrics.values()];
    await Promise.all(metrics.map((metric) => (metric instanceof NumberMetric ? this.#refreshed(metric) : undefined)));
    return metrics.sort((a, b) => (a.shape.name < b.shape.name ? -1 : 1));
  }

  #number(type: 'counter' | 'gauge', name: string, options: CollectedOptions): NumberMetric {
    const shape = shapeOf(type, name, options);
    return this.#declare(shape, () => new NumberMetric(shape, this.#bounds, options.collect)) as NumberMetric;
  }

  #declare(shape: MetricShape, make: () => Metric): Metric {
    const existing = this.#metrics.get(shape.name);
    if (existing && JSON.stringify(existing.shape) !== JSON.stringify(shape)) {
      throw new ConfigurationError(`Metric "${shape.name}" exists already, with another type, help, labels or buckets.`);
    }
    const metric = existing ?? make();
    this.#metrics.set(shape.name, metric);
    return metric;
  }

  async #refreshed(metric: NumberMetric): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      const error = new Error(`metric "${metric.shape.name}": collect took longer than ${COLLECT_MS} ms`);
      timer = setTimeout(() => reject(error), COLLECT_MS).unref();
    });
    try {
      await Promise.race([metric.refresh(), tooLong]);
    } catch (error) {
      this.#onError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  #guarded(update: () => void): void {
    try {
      update();
    } catch (error) {
      this.#onError(error);
    }
  }
}

function shapeOf(
  type: MetricShape['type'],
  name: string,
  { help, labels = [] }: MetricOptions,
  buckets: readonly number[] = [],
): MetricShape {
  if (!METRIC_NAME.test(name)) throw new ConfigurationError(`"${name}" is no metric name: use lower-case letters, digits and _.`);
  if (typeof help !== 'string' || help.trim() === '') throw new ConfigurationError(`Metric "${name}" needs a help text.`);
  for (const label of labels) {
    if (!LABEL_NAME.test(label) || RESERVED_LABELS.has(label)) {
      throw new ConfigurationError(`Metric "${name}" cannot have a label "${label}".`);
    }
  }
  return { name, help, type, labels: [...labels], buckets: [...buckets] };
}
