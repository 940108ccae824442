import type { ByteReader, ByteWriter } from './bytes.js';

/** Of a quantile's estimate, against the exact value of that rank. */
const RELATIVE_ERROR = 0.0099;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** What lies nearer to zero than this is zero; what lies beyond the largest counts in the last bucket. */
const SMALLEST = 1e-9;
const LARGEST = 1e15;
const indexOf = (magnitude: number): number => Math.ceil(Math.log(magnitude) / LOG_GAMMA);
/** Makes the index of the smallest magnitude 1. */
const OFFSET = 1 - indexOf(SMALLEST);

/** Bucket of a value: 0 for zero, and in the order of the values on both sides of it. */
function bucketOf(value: number): number {
  const magnitude = Math.min(Math.abs(value), LARGEST);
  if (magnitude < SMALLEST) return 0;
  const bucket = indexOf(magnitude) + OFFSET;
  return value < 0 ? -bucket : bucket;
}

/** Values of buckets that were asked for: an answer asks a thousand times for some hundred of them. */
const MIDDLES = new Float64Array(bucketOf(LARGEST) + 1);
/** Digits that are told; more would say nothing, and an answer has a thousand such numbers. They add half of 0.01 % to the error. */
const DIGITS = 5;

/** The value that stands for a bucket: no value of the bucket is further from it than RELATIVE_ERROR, and its rounding. */
function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const index = Math.abs(bucket);
  const magnitude = MIDDLES[index] || Number(((2 * GAMMA ** (index - OFFSET)) / (GAMMA + 1)).toPrecision(DIGITS));
  MIDDLES[index] = magnitude;
  return bucket < 0 ? -magnitude : magnitude;
}

/** Buckets that are being read, and their counts: how many there are is known when the last is read. */
const READ = { buckets: [] as number[], times: [] as number[] };

/** Share of itself by which the product of a share and a count may be wrong: 0.07 * 100 is 7.000000000000001. */
const ROUNDING = 4 * Number.EPSILON;

/** Place of a share's value in their order, from 0 on: the nearest rank, so that of few values a high share is the greatest. */
function rankOf(share: number, count: number): number {
  const upTo = share * count;
  return Math.max(0, Math.ceil(upTo - upTo * ROUNDING) - 1);
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** Buckets by which the array of counts grows at least. */
const ROOM = 64;

/**
 * How values are distributed, in logarithmic buckets: every quantile within 1 % of its exact value, whatever the distribution, and
 * sketches add up without loss. After Masson, Rim and Lee, "DDSketch" (VLDB 2019), with the exact least and greatest value beside it.
 */
export class Sketch {
  count = 0;
  sum = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /**
   * Counts of consecutive buckets from `#first` on. A plain array, which grows: typed ones are dear to make. Of a view they are a part
   * of an array that belongs to others, and only read.
   */
  #counts: number[] | Float64Array = [];
  #first = 0;
  /** Where in the array its counts begin, and how many there are. */
  #at = 0;
  #length = 0;
  #isView = false;

  /**
   * Shows counts that lie in a larger array; the first thing that is added to it makes it copy them.
   * @param first - bucket of the count at `at`
   */
  static view({ counts, at, length, first }: { counts: Float64Array; at: number; length: number; first: number }): Sketch {
    const sketch = new Sketch();
    sketch.#counts = counts;
    sketch.#at = at;
    sketch.#length = length;
    sketch.#first = first;
    sketch.#isView = true;
    return sketch;
  }

  add(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#addTo(bucketOf(value), times);
  }

  /** All together. It knows at once how far they reach, where one after the other it would grow again and again. */
  static sumOf(sketches: readonly Sketch[]): Sketch {
    const sum = new Sketch();
    let [first, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const sketch of sketches) {
      if (sketch.#length === 0) continue;
      first = Math.min(first, sketch.#first);
      end = Math.max(end, sketch.#first + sketch.#length);
    }
    if (first < end) sum.#own(first, end);
    for (const sketch of sketches) sum.merge(sketch);
    return sum;
  }

  merge(other: Sketch): void {
    if (other.count === 0) return;
    this.#addTotals(other.count, other.sum, other.min, other.max);
    const [from, at, length] = [other.#counts, other.#at, other.#length];
    if (length === 0) return;
    this.#cover(other.#first, other.#first + length - 1);
    const to = this.#counts;
    const shift = other.#first - this.#first;
    for (let place = 0; place < length; place++) to[place + shift] = (to[place + shift] as number) + (from[at + place] as number);
  }

  /** The buckets from the first to the last that hold something. */
  get reach(): { first: number; length: number } {
    let [begin, end] = [this.#at, this.#at + this.#length];
    while (begin < end && this.#counts[begin] === 0) begin += 1;
    while (end > begin && this.#counts[end - 1] === 0) end -= 1;
    return { first: this.#first + begin - this.#at, length: end - begin };
  }

  /** Puts the counts of so many buckets from `first` on into an array. */
  copyTo(to: Float64Array, at: number, { first, length }: { first: number; length: number }): void {
    const from = this.#at + first - this.#first;
    for (let place = 0; place < length; place++) to[at + place] = this.#counts[from + place] as number;
  }

  /**
   * The least value at or below which this share of all values lies, or more.
   * @param share - from 0 to 1
   * @returns NaN when there are none
   */
  quantile(share: number): number {
    return this.quantiles([share])[0] as number;
  }

  /**
   * Several at once, found in one way down from the greatest: high ranks are what is asked for, and few buckets lie above them.
   * @param shares - each from 0 to 1, the greatest first
   */
  quantiles(shares: readonly number[]): number[] {
    const values: number[] = [];
    const [counts, at] = [this.#counts, this.#at];
    const next = (): number => rankOf(shares[values.length] ?? 0, this.count);
    let rank = next();
    let below = this.count; // values in the buckets before this one
    for (let place = this.#length - 1; place >= 0 && values.length < shares.length; place--) {
      below -= counts[at + place] as number;
      while (below <= rank && values.length < shares.length) {
        values.push(Math.min(Math.max(middleOf(this.#first + place), this.min), this.max));
        rank = next();
      }
    }
    return this.count === 0 ? shares.map(() => Number.NaN) : values;
  }

  /** How many values lie at or below a bound, exact but for those within 1 % of it. */
  countUpTo(bound: number): number {
    if (bound >= this.max) return this.count;
    if (bound < this.min) return 0;
    const last = bucketOf(bound);
    let count = 0;
    const end = Math.min(last - this.#first + 1, this.#length);
    for (let place = 0; place < end; place++) count += this.#counts[this.#at + place] as number;
    return count;
  }

  /** Buckets that hold something, in the order of their values. */
  *buckets(): Generator<[bucket: number, times: number]> {
    for (let place = 0; place < this.#length; place++) {
      const times = this.#counts[this.#at + place] as number;
      if (times > 0) yield [this.#first + place, times];
    }
  }

  write(to: ByteWriter): void {
    const [counts, at] = [this.#counts, this.#at];
    let buckets = 0;
    for (let place = 0; place < this.#length; place++) if ((counts[at + place] as number) > 0) buckets += 1;
    to.count(buckets);
    if (buckets === 0) return;
    to.number(this.sum);
    to.number(this.min);
    to.number(this.max);
    let before = 0;
    for (let place = 0; place < this.#length; place++) {
      const times = counts[at + place] as number;
      if (times === 0) continue;
      to.integer(this.#first + place - before);
      to.count(times);
      before = this.#first + place;
    }
  }

  /** Adds a sketch that was written. */
  read(from: ByteReader): void {
    const buckets = from.count();
    if (buckets === 0) return;
    const [sum, min, max] = [from.number(), from.number(), from.number()];
    let count = 0;
    let bucket = 0;
    for (let at = 0; at < buckets; at++) {
      bucket += from.integer();
      const times = from.count();
      READ.buckets[at] = bucket;
      READ.times[at] = times;
      count += times;
    }
    this.#cover(READ.buckets[0] as number, bucket);
    const [counts, first] = [this.#counts, this.#first];
    for (let at = 0; at < buckets; at++) {
      const place = (READ.buckets[at] as number) - first;
      counts[place] = (counts[place] as number) + (READ.times[at] as number);
    }
    this.#addTotals(count, sum, min, max);
  }

  #addTotals(count: number, sum: number, min: number, max: number): void {
    this.count += count;
    this.sum += sum;
    if (min < this.min) this.min = min;
    if (max > this.max) this.max = max;
  }

  #addTo(bucket: number, times: number): void {
    const place = bucket - this.#first;
    if (this.#isView || place < 0 || place >= this.#length) this.#reach(bucket);
    const at = bucket - this.#first;
    this.#counts[at] = (this.#counts[at] as number) + times;
  }

  /** Has room for these and all between them; for them alone when it is empty, as what is read is often kept as it is. */
  #cover(first: number, last: number): void {
    if (this.#length === 0) {
      this.#own(first, last + 1);
      return;
    }
    if (this.#isView || first < this.#first) this.#reach(first);
    if (last >= this.#first + this.#length) this.#reach(last);
  }

  /** Grows on the side that lacks room, by half of what there is, so that a widening sketch is copied seldom. */
  #reach(bucket: number): void {
    const room = Math.max(ROOM, this.#length >> 1);
    if (this.#length === 0) {
      const first = bucket - (room >> 1);
      this.#own(first, first + room);
      return;
    }
    const end = this.#first + this.#length;
    const first = bucket < this.#first ? Math.min(bucket, this.#first - room) : this.#first;
    this.#own(first, bucket >= end ? Math.max(bucket + 1, end + room) : end);
  }

  /** An array of its own for these buckets, with what it holds in them. */
  #own(first: number, end: number): void {
    const counts = zeros(end - first);
    for (let place = 0; place < this.#length; place++) {
      counts[this.#first - first + place] = this.#counts[this.#at + place] as number;
    }
    this.#counts = counts;
    this.#first = first;
    this.#at = 0;
    this.#length = counts.length;
    this.#isView = false;
  }
}
