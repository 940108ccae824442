import { type Family, HistogramSeries, NumberSeries, SeriesFamily } from './families.js';

/** Label combinations of one metric, where nothing else bounds them. */
const MAX_SERIES = 1_000;

export interface MetricOptions {
  labels?: readonly string[];
  max?: number;
}

export type Numbers = SeriesFamily<NumberSeries>;
export type Histograms = SeriesFamily<HistogramSeries>;

/** The metrics of a control plane, in the order in which they were declared. */
export class Registry {
  readonly #families: Family[] = [];

  get families(): readonly Family[] {
    return this.#families;
  }

  counter(name: string, help: string, options: MetricOptions = {}): Numbers {
    return this.#numbers('counter', name, help, options);
  }

  gauge(name: string, help: string, options: MetricOptions = {}): Numbers {
    return this.#numbers('gauge', name, help, options);
  }

  /** @param buckets - upper bounds, ascending */
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    { labels = [], max = MAX_SERIES }: MetricOptions = {},
  ): Histograms {
    const make = (values: ConstructorParameters<typeof HistogramSeries>[1]) => new HistogramSeries(labels, values, buckets);
    return this.#declare(new SeriesFamily(name, help, 'histogram', labels, { max, make }));
  }

  #numbers(type: 'counter' | 'gauge', name: string, help: string, { labels = [], max = MAX_SERIES }: MetricOptions): Numbers {
    const make = (values: ConstructorParameters<typeof NumberSeries>[1]) => new NumberSeries(labels, values);
    return this.#declare(new SeriesFamily(name, help, type, labels, { max, make }));
  }

  #declare<F extends Family>(family: F): F {
    this.#families.push(family);
    return family;
  }
}
