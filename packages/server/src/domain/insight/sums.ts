import { SeriesStats } from './series.js';
import { Sketch } from './sketch.js';

/** Numbers that a sketch has beside its buckets: how many values, their sum, the least and the greatest. */
const TOTALS = 4;
/** Sketches of a series. */
const SKETCHES = 2;

/** The arrays of Sums; those of sketches have two places for each series, those of totals four for each sketch. */
interface Arrays {
  ids: readonly number[];
  /** Counts that each series has a place for. */
  width: number;
  counts: Float64Array;
  totals: Float64Array;
  /** First bucket of each sketch, how many it has, and where their counts begin. */
  firsts: Int32Array;
  lengths: Int32Array;
  places: Int32Array;
  buckets: Float64Array;
}

/** How sums are added up. */
export interface Into {
  /** Of the result, in its order. */
  ids: readonly number[];
  /** Places of ids in the result; those of others are left out. */
  placeOf: ReadonlyMap<number, number>;
  /** Leaves out the second sketches, and with `run times` the counts as well. */
  only?: 'counts and run times' | 'run times' | undefined;
}

/**
 * What many series did, in few arrays: an answer adds up a dozen of them, each of hundreds of series. As objects they were thousands of
 * small arrays, made and left behind for each answer, and adding up was mostly collecting garbage.
 */
export class Sums {
  readonly ids: readonly number[];
  readonly #of: Arrays;
  /** Where its series went last: the same sums are a part of many answers. */
  #targets: { of: Into['placeOf']; targets: Int32Array } | undefined;

  private constructor(arrays: Arrays) {
    this.ids = arrays.ids;
    this.#of = arrays;
  }

  /** Bytes, about. */
  get size(): number {
    const { ids, counts, totals, firsts, buckets } = this.#of;
    return 12 * ids.length + 8 * (counts.length + totals.length + buckets.length) + 12 * firsts.length;
  }

  static pack(series: ReadonlyMap<number, SeriesStats>): Sums {
    const all = [...series.values()];
    const sums = empty([...series.keys()], Math.max(0, ...all.map(({ counts }) => counts.length)));
    const { counts, totals, firsts, lengths, width } = sums;
    const sketches = all.flatMap(({ first, second }) => [first, second]);
    for (const [at, stats] of all.entries()) counts.set(stats.counts, at * width);
    for (const [at, sketch] of sketches.entries()) {
      const { first, length } = sketch.reach;
      firsts[at] = first;
      lengths[at] = length;
      totals.set([sketch.count, sketch.sum, sketch.min, sketch.max], at * TOTALS);
    }
    const made = laidOut(sums);
    for (const [at, sketch] of sketches.entries()) {
      sketch.copyTo(made.buckets, made.places[at] as number, { first: firsts[at] as number, length: lengths[at] as number });
    }
    return new Sums(made);
  }

  static addUp(parts: readonly Sums[], { ids, placeOf, only }: Into): Sums {
    const isCounted = only !== 'run times';
    const sums = empty(ids, isCounted ? Math.max(0, ...parts.map((part) => part.#of.width)) : 0);
    const step = only === undefined ? 1 : SKETCHES;
    const all = parts.map((part) => ({ of: part.#of, targets: part.targets(placeOf) }));
    for (const { of, targets } of all) widen(sums, of, targets, step);
    const made = laidOut(sums);
    for (const { of, targets } of all) {
      if (isCounted) addCounts(made, of, targets);
      addSketches(made, of, targets, step);
    }
    return new Sums(made);
  }

  /** Places of its series in a result; NOWHERE for those that have none. */
  targets(placeOf: Into['placeOf']): Int32Array {
    if (this.#targets?.of !== placeOf) this.#targets = { of: placeOf, targets: targetsOf(this.ids, placeOf) };
    return this.#targets.targets;
  }

  /** Of the series at this place; undefined when it did nothing. */
  statsAt(place: number): SeriesStats | undefined {
    const { counts, width, totals } = this.#of;
    const [first, second] = [SKETCHES * place, SKETCHES * place + 1];
    const own: number[] = [];
    let isEmpty = totals[first * TOTALS] === 0 && totals[second * TOTALS] === 0;
    for (let at = place * width; at < (place + 1) * width; at++) {
      own.push(counts[at] as number);
      if (counts[at] !== 0) isEmpty = false;
    }
    if (isEmpty) return undefined;
    return new SeriesStats(own, this.#sketchAt(first), this.#sketchAt(second));
  }

  #sketchAt(at: number): Sketch {
    const { totals, firsts, lengths, places, buckets } = this.#of;
    const sketch = Sketch.view({
      counts: buckets,
      at: places[at] as number,
      length: lengths[at] as number,
      first: firsts[at] as number,
    });
    sketch.count = totals[at * TOTALS] as number;
    sketch.sum = totals[at * TOTALS + 1] as number;
    sketch.min = totals[at * TOTALS + 2] as number;
    sketch.max = totals[at * TOTALS + 3] as number;
    return sketch;
  }
}

/** Without room for buckets yet. */
function empty(ids: readonly number[], width: number): Arrays {
  const sketches = SKETCHES * ids.length;
  const totals = new Float64Array(sketches * TOTALS);
  for (let at = 0; at < totals.length; at += TOTALS) {
    totals[at + 2] = Number.POSITIVE_INFINITY;
    totals[at + 3] = Number.NEGATIVE_INFINITY;
  }
  return {
    ids,
    width,
    counts: new Float64Array(ids.length * width),
    totals,
    firsts: new Int32Array(sketches),
    lengths: new Int32Array(sketches),
    places: new Int32Array(sketches),
    buckets: new Float64Array(0),
  };
}

/** With room for the buckets of all sketches, one after the other. */
function laidOut(sums: Arrays): Arrays {
  const { lengths, places } = sums;
  let all = 0;
  for (let at = 0; at < lengths.length; at++) {
    places[at] = all;
    all += lengths[at] as number;
  }
  return { ...sums, buckets: new Float64Array(all) };
}

export const NOWHERE = -1;

function targetsOf(ids: readonly number[], placeOf: ReadonlyMap<number, number>): Int32Array {
  const targets = new Int32Array(ids.length);
  for (let at = 0; at < ids.length; at++) targets[at] = placeOf.get(ids[at] as number) ?? NOWHERE;
  return targets;
}

/** Makes the sketches reach as far as those of a part, too. */
function widen({ firsts, lengths }: Arrays, part: Arrays, targets: Int32Array, step: number): void {
  const { firsts: partFirsts, lengths: partLengths } = part;
  for (let from = 0; from < partLengths.length; from += step) {
    const target = targets[from >> 1] as number;
    const length = partLengths[from] as number;
    if (target === NOWHERE || length === 0) continue;
    const to = SKETCHES * target + (from & 1);
    const first = partFirsts[from] as number;
    const known = lengths[to] as number;
    const knownFirst = firsts[to] as number;
    const begin = known === 0 || first < knownFirst ? first : knownFirst;
    firsts[to] = begin;
    lengths[to] = (known === 0 ? first + length : Math.max(first + length, knownFirst + known)) - begin;
  }
}

function addCounts({ counts, width }: Arrays, { counts: more, width: own }: Arrays, targets: Int32Array): void {
  for (let at = 0; at < targets.length; at++) {
    const target = targets[at] as number;
    if (target === NOWHERE) continue;
    const to = target * width;
    const from = at * own;
    for (let place = 0; place < own; place++)
      counts[to + place] = (counts[to + place] as number) + (more[from + place] as number);
  }
}

function addSketches({ totals, firsts, places, buckets }: Arrays, part: Arrays, targets: Int32Array, step: number): void {
  const { totals: partTotals, firsts: partFirsts, places: partPlaces, lengths, buckets: more } = part;
  for (let from = 0; from < lengths.length; from += step) {
    const target = targets[from >> 1] as number;
    const length = lengths[from] as number;
    if (target === NOWHERE || length === 0) continue;
    const to = SKETCHES * target + (from & 1);
    addTotals(totals, to * TOTALS, partTotals, from * TOTALS);
    const at = (places[to] as number) + (partFirsts[from] as number) - (firsts[to] as number);
    const begin = partPlaces[from] as number;
    for (let place = 0; place < length; place++) {
      buckets[at + place] = (buckets[at + place] as number) + (more[begin + place] as number);
    }
  }
}

function addTotals(to: Float64Array, at: number, from: Float64Array, begin: number): void {
  to[at] = (to[at] as number) + (from[begin] as number);
  to[at + 1] = (to[at + 1] as number) + (from[begin + 1] as number);
  const min = from[begin + 2] as number;
  const max = from[begin + 3] as number;
  if (min < (to[at + 2] as number)) to[at + 2] = min;
  if (max > (to[at + 3] as number)) to[at + 3] = max;
}
