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
  /** Beginnings of its lines, kept by who writes them: formatting ten thousands of them anew costs more than all else. */
  beginnings: readonly Uint8Array[] | undefined;
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

  /** Whether `text` will not change any more. */
  get isNamed(): boolean {
    return this.#text !== undefined;
  }

  abstract reset(): void;

  /** Whether all its labels are known. A line whose application has no name yet would look like that of another one. */
  get isComplete(): boolean {
    return this.isNamed || this.#values.every((value) => typeof value === 'string' || value.text !== undefined);
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

/** Series by their label values, never more than `max`: what comes beyond is counted as `other` in every label. */
export class SeriesFamily<S extends Series> implements Family<S> {
  #byValues = new Map<string, S>();
  /** Those of before the last `startOver`. */
  #before: ReadonlyMap<string, S> = new Map();
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

  get series(): Iterable<S> {
    return this.#byValues.values();
  }

  of(values: readonly string[]): S {
    const key = values.join('\n');
    const known = this.#byValues.get(key);
    if (known) return known;
    if (this.#byValues.size >= this.#max && values.some((value) => value !== OTHER)) return this.of(values.map(() => OTHER));
    return this.#put(key, values);
  }

  /** The series of `key`, made with these values when there is none; for callers that bound them themselves. */
  at(key: string, values: readonly LabelValue[]): S {
    return this.#byValues.get(key) ?? this.#put(key, values);
  }

  /** For callers that know themselves which series they have, and how many. */
  add(values: readonly LabelValue[]): S {
    return this.#put(`\n${this.#byValues.size}`, values);
  }

  /** Shows no series any more but those that are asked for again; for gauges that are read anew. */
  startOver(): void {
    this.#before = this.#byValues;
    this.#byValues = new Map();
  }

  #put(key: string, values: readonly LabelValue[]): S {
    const series = this.#again(key) ?? this.#make(values);
    this.#byValues.set(key, series);
    return series;
  }

  /** One of before keeps its text: putting together thousands of them costs more than the reading. */
  #again(key: string): S | undefined {
    const series = this.#before.get(key);
    series?.reset();
    return series;
  }
}
