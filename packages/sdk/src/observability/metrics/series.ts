/** Label values of one measurement. What is left out counts as empty. */
export type Labels<Name extends string = string> = { readonly [label in Name]?: string | number | boolean };

/** What stands for values beyond the bounds. */
const OTHER = 'other';
const MAX_VALUE_CHARS = 128;

export interface SeriesBounds {
  /** Different values of one label. */
  labelValues: number;
  /** Combinations of all labels. */
  series: number;
}

/**
 * The label combinations of one metric, each with a state of its own, and never more than the bounds allow: a label with too many
 * values gets `other` for new ones, and a metric with too many combinations gets `other` for all labels. A handler that
 * takes a label from its input can so not fill the memory of the worker or of Prometheus.
 */
export class SeriesMap<State> {
  readonly names: readonly string[];
  readonly #bounds: SeriesBounds;
  readonly #make: () => State;
  readonly #known: readonly Set<string>[];
  readonly #series = new Map<string, { values: readonly string[]; state: State }>();

  constructor(names: readonly string[], bounds: SeriesBounds, make: () => State) {
    this.names = names;
    this.#bounds = bounds;
    this.#make = make;
    this.#known = names.map(() => new Set<string>());
    if (names.length === 0) this.#at([]); // a metric without labels shows its zero from the start
  }

  of(labels: Labels | undefined): State {
    const values = this.names.map((name, index) => this.#bounded(String(labels?.[name] ?? ''), index));
    return this.#at(values);
  }

  /** Forgets all series; for gauges that are collected anew. */
  clear(): void {
    this.#series.clear();
  }

  *[Symbol.iterator](): Iterator<{ values: readonly string[]; state: State }> {
    yield* this.#series.values();
  }

  #at(values: readonly string[]): State {
    const key = JSON.stringify(values);
    const existing = this.#series.get(key);
    if (existing) return existing.state;
    const full = this.#series.size >= this.#bounds.series && values.some((value) => value !== OTHER);
    if (full) return this.#at(values.map(() => OTHER));
    const state = this.#make();
    this.#series.set(key, { values, state });
    return state;
  }

  #bounded(text: string, index: number): string {
    const value = text.slice(0, MAX_VALUE_CHARS);
    const known = this.#known[index];
    if (!known || known.has(value)) return value;
    if (known.size >= this.#bounds.labelValues) return OTHER;
    known.add(value);
    return value;
  }
}
