import type { StatSeriesRow } from '../../store/store.js';
import { type Kind, kindOf, OTHER, type SeriesKey, textOf } from './series.js';

/** What is asked for; without names, all of an application. */
export interface SeriesFilter {
  applicationId: number;
  pipeline?: string | undefined;
  handler?: string | undefined;
}

export const isPart = ({ pipeline, handler }: SeriesFilter): boolean => pipeline !== undefined || handler !== undefined;

export const isWanted = (
  { applicationId, pipeline, handler }: SeriesFilter,
  key: Pick<SeriesKey, 'applicationId' | 'pipeline' | 'handler'>,
): boolean =>
  key.applicationId === applicationId &&
  (pipeline === undefined || key.pipeline === pipeline) &&
  (handler === undefined || key.handler === handler);

/** Series that have an id, found by it or by their names. */
export class KnownSeries {
  readonly ids: readonly number[];
  readonly keys: readonly SeriesKey[];
  /** Places of ids in `ids` and `keys`. */
  readonly placeOf: ReadonlyMap<number, number>;
  #stages: ReadonlyMap<number, number> | undefined;
  #places: ReadonlyMap<string, number> | undefined;

  private constructor(known: readonly { id: number; key: SeriesKey }[]) {
    this.ids = known.map(({ id }) => id);
    this.keys = known.map(({ key }) => key);
    this.placeOf = new Map(this.ids.map((id, place) => [id, place]));
  }

  /** Those of kinds that this version knows. */
  static of(rows: readonly StatSeriesRow[]): KnownSeries {
    return new KnownSeries(
      rows.flatMap(({ id, application_id, kind: code, pipeline, stage, handler, unit }) => {
        const kind = kindOf(code);
        return kind ? [{ id, key: { applicationId: application_id, kind, pipeline, stage, handler, unit } }] : [];
      }),
    );
  }

  /** `placeOf` of stages alone. */
  get stages(): ReadonlyMap<number, number> {
    this.#stages ??= new Map([...this.placeOf].filter(([, place]) => this.kindAt(place) === 'stage'));
    return this.#stages;
  }

  kindAt(place: number): Kind {
    return (this.keys[place] as SeriesKey).kind;
  }

  /** @param text - of the key */
  placeOfText(text: string): number | undefined {
    this.#places ??= new Map(this.keys.map((key, place) => [textOf(key), place]));
    return this.#places.get(text);
  }

  /** Whether what is asked for has no series of its own, while others are counted together. */
  isFolded(filter: SeriesFilter): boolean {
    if (!isPart(filter) || this.keys.some((key) => isWanted(filter, key))) return false;
    return this.keys.some(({ pipeline }) => pipeline === OTHER);
  }

  only(filter: SeriesFilter): KnownSeries {
    if (!isPart(filter)) return this;
    const all = this.ids.map((id, place) => ({ id, key: this.keys[place] as SeriesKey }));
    return new KnownSeries(all.filter(({ key }) => isWanted(filter, key)));
  }
}
