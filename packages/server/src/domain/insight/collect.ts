import type { PageQuery } from '../../store/insight-rows.js';
import type { InsightReads, Ms } from '../../store/store.js';
import { type Block, BlockBuilder, type Blocks, endsOf } from './blocks.js';
import { readDelta } from './delta.js';
import { isPart, isWanted, KnownSeries, type SeriesFilter } from './known-series.js';
import { type ReadSeries, readPage } from './page.js';
import { periodOf, slotOf } from './periods.js';
import { piecesOf } from './pieces.js';
import { readReach } from './reach.js';
import { figuresIn, type Kind, type SeriesFigures, type SeriesKey, SeriesStats, textOf } from './series.js';
import { NOWHERE, Sums } from './sums.js';
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

/** Pages that are read at once: between two such reads the event loop has its turn. */
const PAGES_AT_ONCE = 100;
const DELTAS_AT_ONCE = 500;
/** A fold between two reads moves counts from deltas to pages, so that they would be seen twice or not at all. */
const TRIES = 4;

export type StatReads = Pick<InsightReads, 'statState' | 'series' | 'statPages' | 'statDeltas'>;

export interface Collecting {
  /** Default: everything. Others have no points, and half is not read; `run times` are those of stages. */
  what?: 'counts and run times' | 'run times' | undefined;
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
  const { collected } = await collectAll(reads, filter, [{ window, what }], blocks);
  return collected[0] as Collected;
}

export interface Wanted {
  window: Window;
  what?: Collecting['what'];
}

/**
 * Several windows by the reads of one. Where all sums are kept there is one read, of what is not folded and by which fold: it is one
 * statement, so no fold can come between.
 *
 * @returns in the order of the windows; and whether the filter names something that has no series of its own, while others are counted
 *   together
 */
export async function collectAll(
  reads: StatReads,
  filter: SeriesFilter,
  wanted: readonly Wanted[],
  blocks: Blocks | undefined,
): Promise<{ collected: Collected[]; isFolded: boolean }> {
  for (let tries = 1; ; tries++) {
    const { version, reach, deltas } = await reads.statState(DELTAS_AT_ONCE);
    blocks?.moveTo({ version, reach: readReach(reach) });
    const known = blocks?.seriesOf(filter.applicationId);
    const all = known ?? KnownSeries.of(await reads.series(filter.applicationId));
    const series = all.only(filter);
    const collections = wanted.map(({ window, what }) => new Collection(window, series, what));
    for (const collection of collections) collection.addDeltas(deltas, filter);
    const pagesRead = await Promise.all(collections.map((collection) => collection.addPages(reads, filter, blocks)));
    const deltasRead = await addMoreDeltas(reads, filter, collections, deltas);
    const isOneRead = known !== undefined && !deltasRead && !pagesRead.includes(true);
    const isConsistent = isOneRead || (await reads.statState(0)).version === version;
    const built = collections.flatMap((collection) => collection.built);
    if (isConsistent) blocks?.keep(filter.applicationId, version, { blocks: built, ...(!known && { series: all }) });
    if (isConsistent || tries === TRIES) {
      return { collected: collections.map((collection) => collection.result()), isFolded: all.isFolded(filter) };
    }
  }
}

type Deltas = Awaited<ReturnType<StatReads['statDeltas']>>;

/** @returns whether there was anything to read */
async function addMoreDeltas(
  reads: StatReads,
  filter: SeriesFilter,
  collections: readonly Collection[],
  first: Deltas,
): Promise<boolean> {
  for (let rows = first; ; ) {
    const last = rows.at(-1);
    if (!last || rows.length < DELTAS_AT_ONCE) return rows !== first;
    rows = await reads.statDeltas({ after: last.id, limit: DELTAS_AT_ONCE });
    for (const collection of collections) collection.addDeltas(rows, filter);
  }
}

class Collection {
  /** Sums that were not there yet. */
  readonly built: Block[] = [];
  readonly #window: Window;
  readonly #known: KnownSeries;
  readonly #what: Collecting['what'];
  readonly #blocks: Block[] = [];
  /** What is in no block, by id. */
  readonly #byId = new Map<number, SeriesStats>();
  /** What has no id yet. */
  readonly #fresh = new Map<string, SeriesFigures>();
  readonly #points = new Map<Ms, Point>();

  constructor(window: Window, known: KnownSeries, what: Collecting['what']) {
    this.#window = window;
    this.#known = known;
    this.#what = what;
  }

  /** @returns whether any had to be read */
  async addPages(reads: StatReads, filter: SeriesFilter, blocks: Blocks | undefined): Promise<boolean> {
    if (this.#known.ids.length === 0) return false;
    let areRead = false;
    const { applicationId } = filter;
    const slots = isPart(filter) ? [...new Set(this.#known.ids.map(slotOf))] : undefined;
    for (const span of this.#window.spans) {
      const { sums, building, targets, missing } = piecesOf(span, { applicationId, blocks, isPart: isPart(filter) });
      for (const { from, to } of missing) {
        areRead = true;
        const query = { applicationId, resolutionMs: span.resolution, from, to, slots, limit: PAGES_AT_ONCE };
        await this.#readPages(reads, query, targets);
      }
      this.built.push(...building.map((builder) => builder.build()));
      this.#blocks.push(...sums.map((sum) => (sum instanceof BlockBuilder ? sum.build() : sum)));
    }
    return areRead;
  }

  async #readPages(reads: StatReads, query: PageQuery, targets: ReadonlyMap<Ms, BlockBuilder>): Promise<void> {
    for (let pages = await reads.statPages(query); pages.length > 0; ) {
      for (const { period, payload } of pages) {
        const builder = targets.get(period);
        const point = this.#pointAt(period);
        readPage(payload, (id, read) => {
          const place = this.#known.placeOf.get(id);
          if (place === undefined) return false;
          const kind = this.#known.kindAt(place);
          if (builder) countIn(builder, period, { id, kind }, read);
          else return this.#add(point, kind, this.#statsOf(id), read);
          return true;
        });
      }
      const last = pages.at(-1);
      pages = last && pages.length === query.limit ? await reads.statPages({ ...query, after: last }) : [];
    }
  }

  addDeltas(rows: Deltas, filter: SeriesFilter): void {
    for (const { written_at, payload } of rows) {
      if (written_at < this.#window.from || written_at >= this.#window.to) continue;
      const point = this.#pointAt(written_at);
      readDelta(payload, (key, read) => isWanted(filter, key) && this.#add(point, key.kind, this.#statsAt(key), read));
    }
  }

  #statsAt(key: SeriesKey): SeriesStats {
    const place = this.#known.placeOfText(textOf(key));
    return place === undefined ? figuresIn(this.#fresh, key).stats : this.#statsOf(this.#known.ids[place] as number);
  }

  #statsOf(id: number): SeriesStats {
    const stats = this.#byId.get(id) ?? new SeriesStats();
    this.#byId.set(id, stats);
    return stats;
  }

  #add(point: Point, kind: Kind, stats: SeriesStats, read: ReadSeries): boolean {
    if (this.#what !== 'run times') count(point, kind, stats, read);
    else if (kind === 'stage') read(stats, 'first');
    else return false;
    return true;
  }

  result(): Collected {
    if (this.#what === undefined) for (const block of this.#blocks) this.#addPoints(block);
    const { ids, keys, placeOf, stages } = this.#known;
    const into = { ids, placeOf: this.#what === 'run times' ? stages : placeOf, only: this.#what };
    const sums = Sums.addUp([...this.#blocks.map((block) => block.sums), Sums.pack(this.#byId)], into);
    const series: SeriesFigures[] = [];
    for (const [place, key] of keys.entries()) {
      const stats = sums.statsAt(place);
      if (stats) series.push({ key, stats });
    }
    for (const figures of this.#fresh.values()) if (!figures.stats.isEmpty) series.push(figures);
    const points = [...this.#points].filter(([, point]) => Object.values(point).some((count) => count > 0));
    return { series, points: new Map(points.sort(([one], [other]) => one - other)) };
  }

  #addPoints({ begin, length, resolution, sums, ends }: Block): void {
    const width = endsOf({ begin, length, resolution });
    const stages = new Float64Array(width);
    const runs = new Float64Array(width);
    const places = sums.targets(this.#known.placeOf);
    for (let at = 0; at < places.length; at++) {
      const place = places[at] as number;
      const kind = place === NOWHERE ? undefined : this.#known.kindAt(place);
      if (kind !== 'stage' && kind !== 'pipeline') continue;
      const to = kind === 'stage' ? stages : runs;
      for (let end = 0; end < width; end++) to[end] = (to[end] as number) + (ends[at * width + end] as number);
    }
    for (let end = 0; end < width; end += 2) {
      const point = this.#pointAt(begin + (end / 2) * resolution);
      addEnds(point, 'stage', stages[end] as number, stages[end + 1] as number);
      addEnds(point, 'pipeline', runs[end] as number, runs[end + 1] as number);
    }
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
function count(point: Point, kind: Kind, stats: SeriesStats, read: ReadSeries): void {
  const [completed, failed] = endedOf(kind, stats);
  read(stats);
  const [completedNow, failedNow] = endedOf(kind, stats);
  addEnds(point, kind, completedNow - completed, failedNow - failed);
}

function countIn(builder: BlockBuilder, period: Ms, { id, kind }: { id: number; kind: Kind }, read: ReadSeries): void {
  const stats = builder.of(id);
  const [completed, failed] = endedOf(kind, stats);
  read(stats);
  const [completedNow, failedNow] = endedOf(kind, stats);
  builder.ended(id, period, completedNow - completed, failedNow - failed);
}
