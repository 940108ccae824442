import type { InsightReads, Ms, StatSeriesRow } from '../../store/store.js';
import { readDelta } from './delta.js';
import { type ReadSeries, readPage } from './page.js';
import { periodOf, slotOf } from './periods.js';
import { figuresIn, kindOf, type SeriesFigures, type SeriesKey } from './series.js';
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

export type StatReads = Pick<InsightReads, 'statVersion' | 'series' | 'statPages' | 'statDeltas'>;

/** Of the run times of stages alone there are no points, and half is not read. */
export type Collecting = 'everything' | 'run times';

/** Adds up pages and what is not folded yet. It costs periods and series, whatever the number of executions. */
export async function collect(
  reads: StatReads,
  filter: SeriesFilter,
  window: Window,
  what: Collecting = 'everything',
): Promise<Collected> {
  for (let tries = 1; ; tries++) {
    const before = await reads.statVersion();
    const collection = new Collection(window, await reads.series(filter.applicationId, filter), what);
    await collection.addPages(reads, filter);
    await collection.addDeltas(reads, filter);
    if (tries === TRIES || (await reads.statVersion()) === before) return collection.result();
  }
}

class Collection {
  readonly #window: Window;
  readonly #onlyRunTimes: boolean;
  readonly #byId = new Map<number, SeriesFigures>();
  readonly #byText = new Map<string, SeriesFigures>();
  readonly #points = new Map<Ms, Point>();

  constructor(window: Window, rows: readonly StatSeriesRow[], what: Collecting) {
    this.#window = window;
    this.#onlyRunTimes = what === 'run times';
    for (const { id, application_id, kind: code, pipeline, stage, handler, unit } of rows) {
      const kind = kindOf(code);
      const key = kind && { applicationId: application_id, kind, pipeline, stage, handler, unit };
      if (key) this.#byId.set(id, figuresIn(this.#byText, key));
    }
  }

  async addPages(reads: StatReads, filter: SeriesFilter): Promise<void> {
    if (this.#byId.size === 0) return;
    const isPart = filter.pipeline !== undefined || filter.handler !== undefined;
    const slots = isPart ? [...new Set([...this.#byId.keys()].map(slotOf))] : undefined;
    for (const { resolution, from, to } of this.#window.spans) {
      const query = { applicationId: filter.applicationId, resolutionMs: resolution, from, to, slots, limit: PAGES_AT_ONCE };
      for (let pages = await reads.statPages(query); pages.length > 0; ) {
        for (const { period, payload } of pages) {
          const point = this.#pointAt(period);
          readPage(payload, (id, read) => {
            const figures = this.#byId.get(id);
            return figures !== undefined && this.#add(point, figures, read);
          });
        }
        const last = pages.at(-1);
        pages = last && pages.length === PAGES_AT_ONCE ? await reads.statPages({ ...query, after: last }) : [];
      }
    }
  }

  async addDeltas(reads: StatReads, { applicationId, pipeline, handler }: SeriesFilter): Promise<void> {
    const isWanted = (key: SeriesKey): boolean =>
      key.applicationId === applicationId &&
      (pipeline === undefined || key.pipeline === pipeline) &&
      (handler === undefined || key.handler === handler);
    for (let after = 0; ; ) {
      const rows = await reads.statDeltas({ after, limit: DELTAS_AT_ONCE });
      for (const { written_at, payload } of rows) {
        if (written_at < this.#window.from || written_at >= this.#window.to) continue;
        const point = this.#pointAt(written_at);
        readDelta(payload, (key, read) => {
          if (!isWanted(key)) return false;
          return this.#add(point, figuresIn(this.#byText, key), read);
        });
      }
      const last = rows.at(-1);
      if (!last || rows.length < DELTAS_AT_ONCE) return;
      after = last.id;
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

/** Adds what is read to a series, and what that added to its point. */
function count(point: Point, { key, stats }: SeriesFigures, read: ReadSeries): void {
  if (key.kind === 'measure' || key.kind === 'pool') {
    read(stats);
    return;
  }
  const ended = (): [number, number] =>
    key.kind === 'stage'
      ? [stats.stageCount('completed'), stats.stageCount('dead')]
      : [stats.pipelineCount('completed'), stats.pipelineCount('failed')];
  const [completed, failed] = ended();
  read(stats);
  const [completedNow, failedNow] = ended();
  if (key.kind === 'stage') {
    point.completed += completedNow - completed;
    point.failed += failedNow - failed;
  } else {
    point.runsCompleted += completedNow - completed;
    point.runsFailed += failedNow - failed;
  }
}
