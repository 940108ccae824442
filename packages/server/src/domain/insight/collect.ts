import type { PageQuery } from '../../store/insight-rows.js';
import type { InsightReads, Ms, StatSeriesRow } from '../../store/store.js';
import type { Block, Blocks } from './blocks.js';
import { readDelta } from './delta.js';
import { type ReadSeries, readPage } from './page.js';
import { periodOf, slotOf } from './periods.js';
import { piecesOf } from './pieces.js';
import { readReach } from './reach.js';
import { figuresIn, type Kind, kindOf, type SeriesFigures, type SeriesKey, type SeriesStats } from './series.js';
import type { Window } from './window.js';

/** Ends of stages and of pipelines in one period. */
export interface Point {
  completed: number;
  failed: number;
  runsCompleted: number;
  runsFailed: number;
}

export interface Collected {
  series: SeriesFigures[];
  /** By the begin of the period; empty periods have none. */
  points: Map<Ms, Point>;
}

export interface SeriesFilter {
  applicationId: number;
  pipeline?: string | undefined;
  handler?: string | undefined;
}

/** Pages that are read at once: between two such reads the event loop has its turn. */
const PAGES_AT_ONCE = 100;
const DELTAS_AT_ONCE = 500;
/** A fold between two reads moves counts from deltas to pages, so that they would be seen twice or not at all. */
const TRIES = 4;

export type StatReads = Pick<InsightReads, 'statFolds' | 'series' | 'statPages' | 'statDeltas'>;

export interface Collecting {
  /** Of the run times of stages alone there are no points, and half is not read. */
  what?: 'everything' | 'run times';
  /** Sums that were kept; those that are made anew are put there. */
  blocks?: Blocks | undefined;
}

/** Adds up pages and what is not folded yet. It costs periods and series, whatever the number of executions. */
export async function collect(
  reads: StatReads,
  filter: SeriesFilter,
  window: Window,
  { what, blocks }: Collecting = {},
): Promise<Collected> {
  const [collected] = await collectAll(reads, filter, [{ window, what }], blocks);
  return collected as Collected;
}

export interface Wanted {
  window: Window;
  what?: Collecting['what'];
}

/** Several windows by the reads of one. @returns in the order of the windows */
export async function collectAll(
  reads: StatReads,
  filter: SeriesFilter,
  wanted: readonly Wanted[],
  blocks: Blocks | undefined,
): Promise<Collected[]> {
  for (let tries = 1; ; tries++) {
    const { version, reach } = await reads.statFolds();
    blocks?.moveTo({ version, reach: readReach(reach) });
    const rows = await reads.series(filter.applicationId, filter);
    const collections = wanted.map(({ window, what }) => new Collection(window, rows, what));
    await Promise.all([
      ...collections.map((collection) => collection.addPages(reads, filter, blocks)),
      addDeltas(reads, filter, collections),
    ]);
    const isConsistent = (await reads.statFolds()).version === version;
    const built = collections.flatMap((collection) => collection.built);
    if (isConsistent) blocks?.keep(filter.applicationId, built, version);
    if (isConsistent || tries === TRIES) return collections.map((collection) => collection.result());
  }
}

async function addDeltas(reads: StatReads, filter: SeriesFilter, collections: readonly Collection[]): Promise<void> {
  for (let after = 0; ; ) {
    const rows = await reads.statDeltas({ after, limit: DELTAS_AT_ONCE });
    for (const collection of collections) collection.addDeltas(rows, filter);
    const last = rows.at(-1);
    if (!last || rows.length < DELTAS_AT_ONCE) return;
    after = last.id;
  }
}

class Collection {
  /** Sums that were not there yet. */
  readonly built: Block[] = [];
  readonly #window: Window;
  readonly #onlyRunTimes: boolean;
  readonly #byId = new Map<number, SeriesFigures>();
  readonly #byText = new Map<string, SeriesFigures>();
  readonly #points = new Map<Ms, Point>();

  constructor(window: Window, rows: readonly StatSeriesRow[], what: Collecting['what']) {
    this.#window = window;
    this.#onlyRunTimes = what === 'run times';
    for (const { id, application_id, kind: code, pipeline, stage, handler, unit } of rows) {
      const kind = kindOf(code);
      const key = kind && { applicationId: application_id, kind, pipeline, stage, handler, unit };
      if (key) this.#byId.set(id, figuresIn(this.#byText, key));
    }
  }

  async addPages(
    reads: StatReads,
    { applicationId, pipeline, handler }: SeriesFilter,
    blocks: Blocks | undefined,
  ): Promise<void> {
    if (this.#byId.size === 0) return;
    const isPart = pipeline !== undefined || handler !== undefined;
    const slots = isPart ? [...new Set([...this.#byId.keys()].map(slotOf))] : undefined;
    for (const span of this.#window.spans) {
      const { known, building, targets, missing } = piecesOf(span, applicationId, blocks, isPart);
      for (const block of known) this.#addBlock(block);
      for (const { from, to } of missing) {
        const query = { applicationId, resolutionMs: span.resolution, from, to, slots, limit: PAGES_AT_ONCE };
        await this.#readPages(reads, query, targets);
      }
      for (const block of building) this.#addBlock(block);
      this.built.push(...building);
    }
  }

  async #readPages(reads: StatReads, query: PageQuery, targets: ReadonlyMap<Ms, Block>): Promise<void> {
    for (let pages = await reads.statPages(query); pages.length > 0; ) {
      for (const { period, payload } of pages) {
        const block = targets.get(period);
        const point = this.#pointAt(period);
        readPage(payload, (id, read) => {
          const figures = this.#byId.get(id);
          if (figures === undefined) return false;
          if (!block) return this.#add(point, figures, read);
          countIn(block, period, { id, kind: figures.key.kind }, read);
          return true;
        });
      }
      const last = pages.at(-1);
      pages = last && pages.length === query.limit ? await reads.statPages({ ...query, after: last }) : [];
    }
  }

  #addBlock(block: Block): void {
    const points: Point[] = [];
    for (let at = block.begin; at < block.end; at += block.resolution) points.push(this.#pointAt(at));
    for (const [id, { stats, ends }] of block.series) {
      const figures = this.#byId.get(id);
      if (!figures) continue;
      const { kind } = figures.key;
      if (this.#onlyRunTimes) {
        if (kind === 'stage') figures.stats.first.merge(stats.first);
        continue;
      }
      figures.stats.merge(stats);
      for (const [at, point] of points.entries()) addEnds(point, kind, ends[2 * at] as number, ends[2 * at + 1] as number);
    }
  }

  addDeltas(rows: Awaited<ReturnType<StatReads['statDeltas']>>, { applicationId, pipeline, handler }: SeriesFilter): void {
    const isWanted = (key: SeriesKey): boolean =>
      key.applicationId === applicationId &&
      (pipeline === undefined || key.pipeline === pipeline) &&
      (handler === undefined || key.handler === handler);
    for (const { written_at, payload } of rows) {
      if (written_at < this.#window.from || written_at >= this.#window.to) continue;
      const point = this.#pointAt(written_at);
      readDelta(payload, (key, read) => isWanted(key) && this.#add(point, figuresIn(this.#byText, key), read));
    }
  }

  #add(point: Point, figures: SeriesFigures, read: ReadSeries): boolean {
    if (!this.#onlyRunTimes) count(point, figures, read);
    else if (figures.key.kind === 'stage') read(figures.stats, 'first');
    else return false;
    return true;
  }

  result(): Collected {
    const series = [...this.#byText.values()].filter(({ stats }) => !stats.isEmpty);
    const points = [...this.#points].filter(([, point]) => Object.values(point).some((count) => count > 0));
    return { series, points: new Map(points.sort(([one], [other]) => one - other)) };
  }

  #pointAt(at: Ms): Point {
    const period = periodOf(at, this.#window.resolution);
    const point = this.#points.get(period) ?? { completed: 0, failed: 0, runsCompleted: 0, runsFailed: 0 };
    this.#points.set(period, point);
    return point;
  }
}

/** Completed and failed, of the kinds that end. */
function endedOf(kind: Kind, stats: SeriesStats): [completed: number, failed: number] {
  if (kind === 'stage') return [stats.stageCount('completed'), stats.stageCount('dead')];
  return kind === 'pipeline' ? [stats.pipelineCount('completed'), stats.pipelineCount('failed')] : [0, 0];
}

function addEnds(point: Point, kind: Kind, completed: number, failed: number): void {
  if (kind === 'stage') {
    point.completed += completed;
    point.failed += failed;
  } else if (kind === 'pipeline') {
    point.runsCompleted += completed;
    point.runsFailed += failed;
  }
}

/** Adds what is read to a series, and what that added to its point. */
function count(point: Point, { key: { kind }, stats }: SeriesFigures, read: ReadSeries): void {
  const [completed, failed] = endedOf(kind, stats);
  read(stats);
  const [completedNow, failedNow] = endedOf(kind, stats);
  addEnds(point, kind, completedNow - completed, failedNow - failed);
}

function countIn(block: Block, period: Ms, { id, kind }: { id: number; kind: Kind }, read: ReadSeries): void {
  const { stats, ends } = block.of(id);
  const [completed, failed] = endedOf(kind, stats);
  read(stats);
  const [completedNow, failedNow] = endedOf(kind, stats);
  const place = block.placeOf(period);
  ends[place] = completedNow - completed;
  ends[place + 1] = failedNow - failed;
}
