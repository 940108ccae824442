import type { Ms } from '../../store/store.js';
import type { KnownSeries } from './known-series.js';
import { MINUTE, type Resolution } from './periods.js';
import { changedSince, type Reach, seriesAddedSince } from './reach.js';
import { SeriesStats } from './series.js';
import { Sums } from './sums.js';

/** Periods of a sum, the most first, each a multiple of the next. Fewer: more sums to add up for an answer; more: more pages to read at its edges. */
const MINUTES = [20, 5, 1];
const OTHERS = [6, 1];

/** Lengths of sums, the longest first, single periods last. */
export const lengthsOf = (resolution: Resolution): readonly Ms[] =>
  (resolution === MINUTE ? MINUTES : OTHERS).map((periods) => periods * resolution);

/** Which periods a sum is of: so long from `begin` on. */
export interface Place {
  begin: Ms;
  resolution: Resolution;
  /** One of `lengthsOf`. */
  length: Ms;
}

/** What all series of an application did in some periods in a row. */
export interface Block extends Place {
  sums: Sums;
  /** Completed and failed of each period in turn, of one series after the other. */
  ends: Float64Array;
}

/** Puts a block together of blocks of parts of its time, some of which are being put together before it, and of pages of the rest. */
export class BlockBuilder {
  readonly place: Place;
  readonly #parts: (Block | BlockBuilder)[] = [];
  readonly #read = new Map<number, SeriesStats>();
  /** Of what was read: series, period and its two counts. */
  readonly #ends: { id: number; at: number; completed: number; failed: number }[] = [];
  #built: Block | undefined;

  constructor(place: Place) {
    this.place = place;
  }

  add(part: Block | BlockBuilder): void {
    this.#parts.push(part);
  }

  /** Where a page adds to a series. */
  of(id: number): SeriesStats {
    const stats = this.#read.get(id) ?? new SeriesStats();
    this.#read.set(id, stats);
    return stats;
  }

  ended(id: number, period: Ms, completed: number, failed: number): void {
    if (completed > 0 || failed > 0) this.#ends.push({ id, at: this.#placeOf(period), completed, failed });
  }

  /** The block, once all pages are read. */
  build(): Block {
    this.#built ??= this.#putTogether(this.#parts.map((part) => (part instanceof BlockBuilder ? part.build() : part)));
    return this.#built;
  }

  #putTogether(parts: readonly Block[]): Block {
    const read = Sums.pack(this.#read);
    const ids = [...new Set([...parts.flatMap(({ sums }) => sums.ids), ...read.ids])];
    const placeOf = new Map(ids.map((id, place) => [id, place]));
    const sums = parts.length === 0 ? read : Sums.addUp([...parts.map((part) => part.sums), read], { ids, placeOf });
    return { ...this.place, sums, ends: this.#allEnds(parts, placeOf) };
  }

  #allEnds(parts: readonly Block[], placeOf: ReadonlyMap<number, number>): Float64Array {
    const width = endsOf(this.place);
    const ends = new Float64Array(width * placeOf.size);
    for (const part of parts) {
      const [at, own] = [this.#placeOf(part.begin), endsOf(part)];
      for (const [place, id] of part.sums.ids.entries()) {
        ends.set(part.ends.subarray(place * own, (place + 1) * own), (placeOf.get(id) as number) * width + at);
      }
    }
    for (const { id, at, completed, failed } of this.#ends) {
      ends.set([completed, failed], (placeOf.get(id) as number) * width + at);
    }
    return ends;
  }

  #placeOf(period: Ms): number {
    return (2 * (period - this.place.begin)) / this.place.resolution;
  }
}

/** Ends that a block has of each series. */
export const endsOf = ({ length, resolution }: Place): number => (2 * length) / resolution;

/** Of a series and its names in memory. */
const SERIES_BYTES = 500;

/** Where and when a read stands: the number of the last fold, and how far back folds reached. */
export interface Folds {
  version: number;
  reach: Reach | undefined;
}

type Kept = { bytes: number } & ({ block: Block } | { series: KnownSeries });

/**
 * Sums of pages, so that an answer need not read them all: of periods that are over, which folds seldom change any more. Any server
 * may fold, so before each use it drops what folds since the last use may have changed. The least recently used go when there are too
 * many. The series of an application are kept among them, as long as no fold adds one.
 */
export class Blocks {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;
  #version = -1;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Drops what is not true any more at these folds. */
  moveTo({ version, reach }: Folds): void {
    const changed = changedSince(reach, this.#version, version);
    const areSeriesNew = seriesAddedSince(reach, this.#version, version);
    this.#version = version;
    if (changed === Number.POSITIVE_INFINITY && !areSeriesNew) return;
    for (const [key, kept] of this.#kept) {
      if ('series' in kept ? areSeriesNew : kept.block.begin + kept.block.length > changed) this.#drop(key);
    }
  }

  get(applicationId: number, place: Place): Block | undefined {
    const kept = this.#use(keyOf(applicationId, place));
    return kept && 'block' in kept ? kept.block : undefined;
  }

  /** All of an application. */
  seriesOf(applicationId: number): KnownSeries | undefined {
    const kept = this.#use(seriesKeyOf(applicationId));
    return kept && 'series' in kept ? kept.series : undefined;
  }

  /** Keeps blocks and series that were read at this fold, and not over one. */
  keep(applicationId: number, version: number, { blocks, series }: { blocks: readonly Block[]; series?: KnownSeries }): void {
    if (version !== this.#version) return;
    if (series) this.#keep(seriesKeyOf(applicationId), { series, bytes: SERIES_BYTES * series.ids.length });
    for (const block of blocks) {
      this.#keep(keyOf(applicationId, block), { block, bytes: block.sums.size + 8 * block.ends.length });
    }
    for (const key of this.#kept.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#drop(key);
    }
  }

  /** Makes it the most recently used. */
  #use(key: string): Kept | undefined {
    const kept = this.#kept.get(key);
    if (!kept) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  #keep(key: string, kept: Kept): void {
    this.#drop(key);
    this.#kept.set(key, kept);
    this.#bytes += kept.bytes;
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

const seriesKeyOf = (applicationId: number): string => `${applicationId} series`;
const keyOf = (applicationId: number, { resolution, begin, length }: Place): string =>
  `${applicationId} ${resolution} ${length} ${begin}`;
