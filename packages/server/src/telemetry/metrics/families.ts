/** A label value that may only be known later: counting must not wait for the name of an application. */
export interface LateLabel {
  readonly text: string | undefined;
}

export type LabelValue = string | LateLabel;
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** Ids that lead from a figure to one of the executions behind it. */
export interface Exemplar {
  traceId: string;
  spanId?: string | undefined;
}

/** One combination of label values. What is counted in it lives in the object itself: counting is one addition. */
export abstract class Series {
  readonly #names: readonly string[];
  readonly #values: readonly LabelValue[];
  #text: string | undefined;

  constructor(names: readonly string[], values: readonly LabelValue[]) {
    this.#names = names;
    this.#values = values;
  }

  /** `handler="a",pool="b"`, formatted once: a scrape writes ten thousands of lines. */
  get text(): string {
    if (this.#text !== undefined) return this.#text;
    const text = this.#names.map((name, index) => `${name}="${escaped(labelText(this.#values[index]))}"`).join(',');
    if (this.isComplete) this.#text = text;
    return text;
  }

  abstract reset(): void;

  /** Whether this is one of its label values: the same object, where it is a late one. */
  has(value: LabelValue): boolean {
    return this.#values.includes(value);
  }

  /** Whether all its labels are known. A line whose application has no name yet would look like that of another one. */
  get isComplete(): boolean {
    return this.#text !== undefined || this.#values.every((value) => typeof value === 'string' || value.text !== undefined);
  }

  get attributes(): { [name: string]: string } {
    return Object.fromEntries(this.#names.map((name, index) => [name, labelText(this.#values[index])]));
  }
}

const labelText = (value: LabelValue | undefined): string => (typeof value === 'object' ? (value.text ?? '') : (value ?? ''));

const escaped = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;

export class NumberSeries extends Series {
  value = 0;

  reset(): void {
    this.value = 0;
  }

  inc(by = 1): void {
    this.value += by;
  }

  merge({ value }: NumberSeries): void {
    this.value += value;
  }
}

/** The last execution that fell into a bucket. */
export interface BucketExemplar extends Exemplar {
  value: number;
  /** Epoch milliseconds. */
  at: number;
}

export class HistogramSeries extends Series {
  readonly bounds: readonly number[];
  /** Observations at or below each bound, and beyond the last. Not cumulative. */
  readonly counts: number[];
  exemplars: (BucketExemplar | undefined)[] | undefined;
  sum = 0;
  count = 0;

  constructor(names: readonly string[], values: readonly LabelValue[], bounds: readonly number[]) {
    super(names, values);
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  reset(): void {
    this.counts.fill(0);
    this.exemplars = undefined;
    this.sum = 0;
    this.count = 0;
  }

  /** @param other - of the same bounds */
  merge(other: HistogramSeries): void {
    for (const [bucket, count] of other.counts.entries()) this.counts[bucket] = (this.counts[bucket] as number) + count;
    this.sum += other.sum;
    this.count += other.count;
    if (other.exemplars) this.exemplars = other.exemplars.map((exemplar, bucket) => exemplar ?? this.exemplars?.[bucket]);
  }

  observe(value: number): number {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
    this.count += 1;
    return bucket;
  }

  observeOne(value: number, { traceId, spanId }: Exemplar, at: number): void {
    const bucket = this.observe(value);
    this.exemplars ??= new Array(this.counts.length);
    this.exemplars[bucket] = { traceId, spanId, value, at };
  }
}

/** All series of one name. */
export interface Family<S extends Series = Series> {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly series: Iterable<S>;
}

/** What stands for label values beyond the bounds. */
export const OTHER = 'other';

/** A series, and the round in which it was asked for. */
interface Shown<S> {
  readonly series: S;
  round: number;
}

/** Series that are not shown and kept in any case. */
const SPARE = 100;

/** Series by their label values, never more than `max`: what comes beyond is counted as `other` in every label. */
export class SeriesFamily<S extends Series> implements Family<S> {
  readonly #byValues = new Map<string, Shown<S>>();
  /** Which `startOver` it is in, and how many series were asked for since. */
  #round = 0;
  #shown = 0;
  /** Series that were added without a key of their own. */
  #added = 0;
  readonly #make: (values: readonly LabelValue[]) => S;
  readonly #max: number;

  constructor(
    readonly name: string,
    readonly help: string,
    readonly type: MetricType,
    readonly labels: readonly string[],
    options: { max: number; make: (values: readonly LabelValue[]) => S },
  ) {
    this.#make = options.make;
    this.#max = options.max;
    if (labels.length === 0) this.of([]); // one without labels shows its zero from the start
  }

  /** In the order in which they were asked for first, so that a text of them keeps its form. */
  get series(): Iterable<S> {
    return this.#all();
  }

  of(values: readonly string[]): S {
    const key = values.join('\n');
    if (this.#isShown(key)) return this.at(key, values);
    if (this.#shown >= this.#max && values.some((value) => value !== OTHER)) return this.of(values.map(() => OTHER));
    return this.at(key, values);
  }

  /** The series of `key`, made with these values when there is none; for callers that bound them themselves. */
  at(key: string, values: readonly LabelValue[]): S {
    const known = this.#byValues.get(key);
    if (!known) return this.#put(key, values);
    if (known.round !== this.#round) {
      known.series.reset();
      known.round = this.#round;
      this.#shown += 1;
    }
    return known.series;
  }

  /** For callers that know themselves which series they have, and how many. */
  add(values: readonly LabelValue[]): S {
    this.#added += 1;
    return this.#put(`\n${this.#added}`, values);
  }

  /** Forgets the series with this label value. */
  drop(value: LabelValue): void {
    for (const [key, { series, round }] of this.#byValues) {
      if (!series.has(value)) continue;
      this.#byValues.delete(key);
      if (round === this.#round) this.#shown -= 1;
    }
  }

  /**
   * Shows no series any more but those that are asked for again; for gauges that are read anew. The others are kept for a round or
   * so: making thousands of them costs more than the reading.
   */
  startOver(): void {
    if (this.#byValues.size > 2 * this.#shown + SPARE) {
      for (const [key, { round }] of this.#byValues) if (round !== this.#round) this.#byValues.delete(key);
    }
    this.#round += 1;
    this.#shown = 0;
  }

  *#all(): Generator<S> {
    for (const { series, round } of this.#byValues.values()) if (round === this.#round) yield series;
  }

  #isShown(key: string): boolean {
    return this.#byValues.get(key)?.round === this.#round;
  }

  #put(key: string, values: readonly LabelValue[]): S {
    const series = this.#make(values);
    this.#byValues.set(key, { series, round: this.#round });
    this.#shown += 1;
    return series;
  }
}
