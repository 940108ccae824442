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

/** The value that stands for a bucket: no value of the bucket is further from it than RELATIVE_ERROR. */
function middleOf(bucket: number): number {
  if (bucket === 0) return 0;
  const magnitude = (2 * GAMMA ** (Math.abs(bucket) - OFFSET)) / (GAMMA + 1);
  return bucket < 0 ? -magnitude : magnitude;
}

/** Buckets that are being read, and their counts: how many there are is known when the last is read. */
const READ = { buckets: [] as number[], times: [] as number[] };

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
  /** Counts of consecutive buckets from `#first` on. A plain array: an answer makes thousands, and typed ones are dear to make. */
  #counts: number[] = [];
  #first = 0;

  add(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    this.#addTo(bucketOf(value), times);
  }

  merge(other: Sketch): void {
    if (other.count === 0) return;
    this.#addTotals(other.count, other.sum, other.min, other.max);
    const [from, first] = [other.#counts, other.#first];
    if (from.length === 0) return;
    if (this.#counts.length === 0) {
      this.#counts = from.slice();
      this.#first = first;
      return;
    }
    this.#cover(first, first + from.length - 1);
    const to = this.#counts;
    const shift = first - this.#first;
    for (let place = 0; place < from.length; place++) to[place + shift] = (to[place + shift] as number) + (from[place] as number);
  }

  /** Frees the room it grew for. @returns bytes of its buckets */
  seal(): number {
    const counts = this.#counts;
    let [begin, end] = [0, counts.length];
    while (begin < end && counts[begin] === 0) begin += 1;
    while (end > begin && counts[end - 1] === 0) end -= 1;
    if (end - begin < counts.length) this.#counts = counts.slice(begin, end);
    this.#first += begin;
    return this.#counts.length * Float64Array.BYTES_PER_ELEMENT;
  }

  /**
   * The value below or at which this share of all values lies.
   * @param share - from 0 to 1
   * @returns NaN when there are none
   */
  quantile(share: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = Math.floor(share * (this.count - 1));
    let seen = 0;
    for (let place = 0; place < this.#counts.length; place++) {
      seen += this.#counts[place] as number;
      if (seen > rank) return Math.min(Math.max(middleOf(this.#first + place), this.min), this.max);
    }
    return this.max;
  }

  /** How many values lie at or below a bound, exact but for those within 1 % of it. */
  countUpTo(bound: number): number {
    if (bound >= this.max) return this.count;
    if (bound < this.min) return 0;
    const last = bucketOf(bound);
    let count = 0;
    const end = Math.min(last - this.#first + 1, this.#counts.length);
    for (let place = 0; place < end; place++) count += this.#counts[place] as number;
    return count;
  }

  /** Buckets that hold something, in the order of their values. */
  *buckets(): Generator<[bucket: number, times: number]> {
    for (let place = 0; place < this.#counts.length; place++) {
      const times = this.#counts[place] as number;
      if (times > 0) yield [this.#first + place, times];
    }
  }

  write(to: ByteWriter): void {
    const buckets = [...this.buckets()];
    to.count(buckets.length);
    if (buckets.length === 0) return;
    to.number(this.sum);
    to.number(this.min);
    to.number(this.max);
    let before = 0;
    for (const [bucket, times] of buckets) {
      to.integer(bucket - before);
      to.count(times);
      before = bucket;
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
    let place = bucket - this.#first;
    if (place < 0 || place >= this.#counts.length) {
      this.#reach(bucket);
      place = bucket - this.#first;
    }
    this.#counts[place] = (this.#counts[place] as number) + times;
  }

  /** Has room for these and all between them; for them alone when it is empty, as what is read is often kept as it is. */
  #cover(first: number, last: number): void {
    if (this.#counts.length === 0) {
      this.#first = first;
      this.#counts = zeros(last - first + 1);
      return;
    }
    if (first < this.#first) this.#reach(first);
    if (last >= this.#first + this.#counts.length) this.#reach(last);
  }

  /** Grows on the side that lacks room, by half of what there is, so that a widening sketch is copied seldom. */
  #reach(bucket: number): void {
    const old = this.#counts;
    const room = Math.max(ROOM, old.length >> 1);
    if (old.length === 0) {
      this.#first = bucket - (room >> 1);
      this.#counts = zeros(room);
      return;
    }
    const end = this.#first + old.length;
    const first = bucket < this.#first ? Math.min(bucket, this.#first - room) : this.#first;
    const newEnd = bucket >= end ? Math.max(bucket + 1, end + room) : end;
    this.#counts = [...zeros(this.#first - first), ...old, ...zeros(newEnd - end)];
    this.#first = first;
  }
}
