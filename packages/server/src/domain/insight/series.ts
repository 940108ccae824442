import type { DeliveryOutcome } from '@pipelogiq/protocol';
import type { ByteReader, ByteWriter } from './bytes.js';
import type { Sample } from './samples.js';
import { Sketch } from './sketch.js';

/**
 * What is counted together. Codes are stored: never change or reuse one.
 * - stage: name and handler of the stages of pipelines of one name; sketches of run time and queue wait, ms
 * - pipeline: runs of pipelines of one name; sketches of duration and of the time to the first stage that was done, ms
 * - pool: the workers of one pool (`stage`); no sketches
 * - measure: what a handler measured under a name (`stage`) and a unit; a sketch of the values
 */
export const KINDS = { stage: 1, pipeline: 2, measure: 3, pool: 4 } as const;
export type Kind = keyof typeof KINDS;

export interface SeriesKey {
  applicationId: number;
  kind: Kind;
  pipeline: string;
  /** Of a measure or a pool: its name. Empty for pipelines. */
  stage: string;
  /** Empty for pipelines. */
  handler: string;
  /** Of a measure; else empty. */
  unit: string;
}

/** What takes the place of names when an application has as many series as it may. */
export const OTHER = '(other)';

const KIND_OF = new Map<number, Kind>(Object.entries(KINDS).map(([kind, code]) => [code, kind as Kind]));

/** Undefined for a kind of a newer version. */
export const kindOf = (code: number): Kind | undefined => KIND_OF.get(code);

/** NUL stands in no name. */
export const textOf = ({ applicationId, kind, pipeline, stage, handler, unit }: SeriesKey): string =>
  [applicationId, KINDS[kind], pipeline, stage, handler, unit].join('\0');

/** Order of the counts of each kind, as stored: new ones only behind the others. */
const COUNTS = {
  stage: [
    'completed',
    'failed',
    'retried',
    'timed_out',
    'expired',
    'released',
    'cancelled',
    'superseded',
    'flaky',
    'dead',
    'again',
  ],
  pipeline: ['completed', 'failed', 'cancelled'],
  measure: [],
  pool: ['slot_ms', 'busy_ms'],
} as const satisfies Record<Kind, readonly string[]>;

export type StageCount = (typeof COUNTS.stage)[number];
type PoolCount = (typeof COUNTS.pool)[number];
export type PipelineCount = (typeof COUNTS.pipeline)[number];

/** Outcomes after which another attempt follows, unless the stage is dead. */
const isRetried = (outcome: DeliveryOutcome | undefined): boolean =>
  outcome === 'retried' || outcome === 'timed_out' || outcome === 'expired';

/** How much of a series is read. */
export type Part = 'all' | 'first';

/** Counts and sketches of one series over some time. */
export class SeriesStats {
  readonly counts: number[];
  /** Run time, duration or measured values. */
  readonly first: Sketch;
  /** Queue wait or feedback time. */
  readonly second: Sketch;

  constructor(counts: number[] = [], first = new Sketch(), second = new Sketch()) {
    this.counts = counts;
    this.first = first;
    this.second = second;
  }

  get isEmpty(): boolean {
    return this.first.count === 0 && this.second.count === 0 && this.counts.every((count) => count === 0);
  }

  stageCount(count: StageCount): number {
    return this.counts[COUNTS.stage.indexOf(count)] ?? 0;
  }

  poolCount(count: PoolCount): number {
    return this.counts[COUNTS.pool.indexOf(count)] ?? 0;
  }

  pipelineCount(count: PipelineCount): number {
    return this.counts[COUNTS.pipeline.indexOf(count)] ?? 0;
  }

  add(sample: Sample): void {
    switch (sample.kind) {
      case 'delivery':
        if (sample.outcome) this.#count(COUNTS.stage.indexOf(sample.outcome));
        if (sample.outcome === 'completed' && sample.attemptsBefore > 0) this.#count(COUNTS.stage.indexOf('flaky'));
        if (sample.isDead) this.#count(COUNTS.stage.indexOf('dead'));
        else if (isRetried(sample.outcome)) this.#count(COUNTS.stage.indexOf('again'));
        if (sample.runMs !== undefined) this.first.add(sample.runMs);
        if (sample.waitMs !== undefined) this.second.add(sample.waitMs);
        return;
      case 'pipeline':
        this.#count(COUNTS.pipeline.indexOf(sample.status));
        if (sample.durationMs !== undefined) this.first.add(sample.durationMs);
        return;
      case 'feedback':
        this.second.add(sample.feedbackMs);
        return;
      case 'measure':
        this.first.add(sample.value);
        return;
      case 'use':
        this.#count(COUNTS.pool.indexOf('slot_ms'), sample.slotMs);
        this.#count(COUNTS.pool.indexOf('busy_ms'), sample.busyMs);
    }
  }

  /** All together. */
  static sumOf(all: readonly SeriesStats[]): SeriesStats {
    const sum = new SeriesStats([], Sketch.sumOf(all.map(({ first }) => first)), Sketch.sumOf(all.map(({ second }) => second)));
    for (const { counts } of all) sum.#addCounts(counts);
    return sum;
  }

  merge(other: SeriesStats): void {
    this.#addCounts(other.counts);
    this.first.merge(other.first);
    this.second.merge(other.second);
  }

  write(to: ByteWriter): void {
    to.count(this.counts.length);
    for (let place = 0; place < this.counts.length; place++) to.count(this.counts[place] ?? 0);
    this.first.write(to);
    this.second.write(to);
  }

  /** Adds what was written; of `first`, nothing behind the first sketch, so that the reader stands there. */
  read(from: ByteReader, part: Part = 'all'): void {
    const counts = from.count();
    for (let place = 0; place < counts; place++) this.#count(place, from.count());
    this.first.read(from);
    if (part === 'all') this.second.read(from);
  }

  #addCounts(counts: readonly number[]): void {
    for (let place = 0; place < counts.length; place++) this.#count(place, counts[place]);
  }

  #count(place: number, by = 1): void {
    while (this.counts.length <= place) this.counts.push(0);
    this.counts[place] = (this.counts[place] as number) + by;
  }
}

/** A series, and what it did. */
export interface SeriesFigures {
  key: SeriesKey;
  stats: SeriesStats;
}

/** The figures of a series, made when it has none yet. */
export function figuresIn(series: Map<string, SeriesFigures>, key: SeriesKey): SeriesFigures {
  const text = textOf(key);
  const figures = series.get(text) ?? { key, stats: new SeriesStats() };
  series.set(text, figures);
  return figures;
}

/** The series that a sample belongs to. */
export function seriesOf(sample: Sample): SeriesKey {
  const { applicationId } = sample;
  if (sample.kind === 'use') return { applicationId, kind: 'pool', pipeline: '', stage: sample.pool, handler: '', unit: '' };
  const { pipeline = OTHER } = sample;
  switch (sample.kind) {
    case 'delivery':
      return { applicationId, kind: 'stage', pipeline, stage: sample.stage, handler: sample.handler, unit: '' };
    case 'measure':
      return { applicationId, kind: 'measure', pipeline, stage: sample.name, handler: sample.handler, unit: sample.unit };
    case 'pipeline':
    case 'feedback':
      return { applicationId, kind: 'pipeline', pipeline, stage: '', handler: '', unit: '' };
  }
}
