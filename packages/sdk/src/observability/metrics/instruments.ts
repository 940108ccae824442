import { type Labels, type SeriesBounds, SeriesMap } from './series.js';

/** A number that only grows: jobs, bytes, errors. Its name ends in `_total`. */
export interface Counter<Label extends string = string> {
  /** @param by default 1; negative numbers are ignored */
  inc(labels?: Labels<Label>, by?: number): void;
}

/** A number that goes up and down: a queue, a temperature. */
export interface Gauge<Label extends string = string> {
  set(value: number, labels?: Labels<Label>): void;
  inc(labels?: Labels<Label>, by?: number): void;
  dec(labels?: Labels<Label>, by?: number): void;
}

/** A distribution: durations in seconds, sizes in bytes. */
export interface Histogram<Label extends string = string> {
  observe(value: number, labels?: Labels<Label>): void;
  /** Starts a clock; the function that it returns observes the seconds since. */
  startTimer(labels?: Labels<Label>): (more?: Labels<Label>) => void;
}

/** A value that is asked for when somebody looks: a number, or several with labels. */
export type Collect<Label extends string = string> = () =>
  | number
  | readonly { value: number; labels?: Labels<Label> }[]
  | Promise<number | readonly { value: number; labels?: Labels<Label> }[]>;

export interface HistogramState {
  /** Observations at or below each bound, and beyond the last. Not cumulative. */
  counts: number[];
  sum: number;
  count: number;
}

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** What a metric is, apart from its values. */
export interface MetricShape {
  name: string;
  help: string;
  type: MetricType;
  labels: readonly string[];
  /** Upper bounds of a histogram. */
  buckets: readonly number[];
}

const isCountable = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** A number for each combination of labels. What is no finite number is ignored: a metric must never fail a job. */
export class NumberMetric implements Counter, Gauge {
  readonly shape: MetricShape;
  readonly series: SeriesMap<{ value: number }>;
  readonly collect: Collect | undefined;

  constructor(shape: MetricShape, bounds: SeriesBounds, collect?: Collect) {
    this.shape = shape;
    this.collect = collect;
    this.series = new SeriesMap(shape.labels, bounds, () => ({ value: 0 }));
  }

  inc(labels?: Labels, by = 1): void {
    if (isCountable(by) && (by >= 0 || this.shape.type === 'gauge')) this.series.of(labels).value += by;
  }

  dec(labels?: Labels, by = 1): void {
    this.inc(labels, -by);
  }

  set(value: number, labels?: Labels): void {
    if (isCountable(value)) this.series.of(labels).value = value;
  }

  /** Asks `collect`, if there is one, and takes what it says in place of all that was there. */
  async refresh(): Promise<void> {
    if (!this.collect) return;
    const found = await this.collect();
    const values = typeof found === 'number' ? [{ value: found }] : found;
    this.series.clear();
    for (const { value, labels } of values as readonly { value: number; labels?: Labels }[]) this.set(value, labels);
  }
}

export class HistogramMetric implements Histogram {
  readonly shape: MetricShape;
  readonly series: SeriesMap<HistogramState>;

  constructor(shape: MetricShape, bounds: SeriesBounds) {
    this.shape = shape;
    const counts = () => new Array<number>(shape.buckets.length + 1).fill(0);
    this.series = new SeriesMap(shape.labels, bounds, () => ({ counts: counts(), sum: 0, count: 0 }));
  }

  observe(value: number, labels?: Labels): void {
    if (!isCountable(value)) return;
    const state = this.series.of(labels);
    const bucket = this.shape.buckets.findIndex((bound) => value <= bound);
    const index = bucket === -1 ? this.shape.buckets.length : bucket;
    state.counts[index] = (state.counts[index] ?? 0) + 1;
    state.sum += value;
    state.count += 1;
  }

  startTimer(labels?: Labels): (more?: Labels) => void {
    const startedAt = performance.now();
    return (more) => this.observe((performance.now() - startedAt) / 1_000, { ...labels, ...more });
  }
}

export type Metric = NumberMetric | HistogramMetric;
