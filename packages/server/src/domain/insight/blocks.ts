import type { Ms } from '../../store/store.js';
import { MINUTE, periodOf, type Resolution } from './periods.js';
import { changedSince, type Reach } from './reach.js';
import { SeriesStats } from './series.js';

/** Periods of a long sum. Fewer: more sums to add up for an answer; more: more pages to read at its edges. */
const periodsIn = (resolution: Resolution): number => (resolution === MINUTE ? 5 : 6);

export const blockLength = (resolution: Resolution): Ms => periodsIn(resolution) * resolution;
export const blockOf = (at: Ms, resolution: Resolution): Ms => periodOf(at, blockLength(resolution));

/** What one series did in the periods of a block. */
interface BlockSeries {
  stats: SeriesStats;
  /** Completed and failed, of each period in turn. */
  ends: number[];
}

/** Which periods a sum is of. */
export type Place = Pick<Block, 'resolution' | 'begin' | 'length'>;

/** What all series of an application did in some periods in a row. */
export class Block {
  readonly series = new Map<number, BlockSeries>();
  readonly begin: Ms;
  readonly resolution: Resolution;
  readonly length: Ms;

  /** @param length - `blockLength`, or that of a single period */
  constructor(begin: Ms, resolution: Resolution, length: Ms) {
    this.begin = begin;
    this.resolution = resolution;
    this.length = length;
  }

  get end(): Ms {
    return this.begin + this.length;
  }

  of(id: number): BlockSeries {
    const known = this.series.get(id);
    if (known) return known;
    const made = { stats: new SeriesStats(), ends: new Array<number>((2 * this.length) / this.resolution).fill(0) };
    this.series.set(id, made);
    return made;
  }

  placeOf(period: Ms): number {
    return (2 * (period - this.begin)) / this.resolution;
  }

  /** Adds a sum of periods that are part of its own. */
  add(other: Block): void {
    const place = this.placeOf(other.begin);
    for (const [id, { stats, ends }] of other.series) {
      const own = this.of(id);
      own.stats.merge(stats);
      for (const [at, count] of ends.entries()) own.ends[place + at] = count;
    }
  }

  /** Frees what it does not need, once it is complete. @returns its size in bytes, about */
  seal(): number {
    let bytes = 0;
    for (const { stats, ends } of this.series.values()) bytes += stats.seal() + 8 * ends.length + OVERHEAD;
    return bytes;
  }
}

/** Of the objects of one series. */
const OVERHEAD = 600;

/** Where and when a read stands: the number of the last fold, and how far back folds reached. */
export interface Folds {
  version: number;
  reach: Reach | undefined;
}

/**
 * Sums of pages, so that an answer need not read them all: of periods that are over, which folds seldom change any more. Any server
 * may fold, so before each use it drops what folds since the last use may have changed. The least recently used go when there are too
 * many.
 */
export class Blocks {
  readonly #maxBytes: number;
  readonly #known = new Map<string, { block: Block; bytes: number }>();
  #bytes = 0;
  #version = -1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Drops what is not true any more at these folds. */
  moveTo({ version, reach }: Folds): void {
    const changed = changedSince(reach, this.#version, version);
    this.#version = version;
    if (changed === Number.POSITIVE_INFINITY) return;
    for (const [key, { block }] of this.#known) if (block.end > changed) this.#drop(key);
  }

  get(applicationId: number, place: Place): Block | undefined {
    const key = keyOf(applicationId, place);
    const known = this.#known.get(key);
    if (!known) return undefined;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known.block;
  }

  /** Keeps blocks that were read at this fold, and not over one. */
  keep(applicationId: number, blocks: readonly Block[], version: number): void {
    if (version !== this.#version) return;
    for (const block of blocks) {
      const key = keyOf(applicationId, block);
      this.#drop(key);
      const bytes = block.seal();
      this.#known.set(key, { block, bytes });
      this.#bytes += bytes;
    }
    for (const key of this.#known.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#known.get(key)?.bytes ?? 0;
    this.#known.delete(key);
  }
}

const keyOf = (applicationId: number, { resolution, begin, length }: Place): string =>
  `${applicationId} ${resolution} ${length} ${begin}`;
