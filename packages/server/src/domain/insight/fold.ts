import type { Ms, PageKey, StatDeltaRow, StatSeriesRow } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { assertNever } from '../errors.js';
import { readDelta } from './delta.js';
import { foldFailures } from './failures.js';
import { addToPage } from './page.js';
import { DAY, periodOf, RESOLUTIONS, slotOf } from './periods.js';
import { reached, readReach } from './reach.js';
import { figuresIn, KINDS, OTHER, type SeriesFigures, type SeriesKey, SeriesStats, textOf } from './series.js';

export interface FoldDeps {
  /** Runs a piece of work in a group of its own, behind all other work. */
  inGroup<T>(run: (group: Group) => Promise<T>): Promise<T>;
  /** Of one application: series of stages and pipelines, and of measures, which shall not take the place of those. */
  maxSeries: number;
  maxMeasures: number;
  /** Groups of errors of one application. */
  maxErrorGroups: number;
}

/** Deltas of one fold. */
const FOLD_ROWS = 500;
/** Names of series that are remembered. */
const MAX_KNOWN = 100_000;

interface Known {
  id: number;
  seenAt: Ms;
}

/**
 * Adds the deltas that groups wrote to the pages of their minute, hour and day, and removes them in the same transaction. What it
 * remembers of series is only a shortcut: any server may fold at any time.
 */
export class Folder {
  readonly #deps: FoldDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: FoldDeps) {
    this.#deps = deps;
  }

  async step(): Promise<{ more: boolean }> {
    const { rows, learnt } = await this.#deps.inGroup(async (group) => this.#fold(group));
    if (this.#known.size + learnt.size > MAX_KNOWN) this.#known.clear();
    for (const [text, known] of learnt) this.#known.set(text, known); // only what was committed
    return { more: rows === FOLD_ROWS };
  }

  async #fold({ tx, now }: Group): Promise<{ rows: number; learnt: Map<string, Known> }> {
    const { version, reach } = await tx.beginFold();
    const deltas = await tx.takeStats(FOLD_ROWS);
    const byMinute = readDeltas(deltas);
    const oldest = deltas.length === 0 ? undefined : Math.min(...byMinute.keys());
    const { idOf, learnt, hasNewSeries } = await this.#resolve({ tx, now }, byMinute);
    await tx.endFold(JSON.stringify(reached(readReach(reach), version, { minute: oldest, hasNewSeries })));
    if (deltas.length === 0) return { rows: 0, learnt };
    const pages = pagesOf(byMinute, idOf);
    const stored = new Map<string, Uint8Array>();
    for (const { payload, ...key } of await tx.pages([...pages.values()].map(({ key }) => key))) {
      stored.set(pageText(key), payload);
    }
    await foldFailures({ tx }, deltas, this.#deps.maxErrorGroups);
    await tx.putPages([...pages].map(([text, { key, series }]) => ({ ...key, payload: addToPage(stored.get(text), series) })));
    return { rows: deltas.length, learnt };
  }

  /** Ids of all series among these; new ones are given one as long as their application may have more. */
  async #resolve(
    { tx, now }: Pick<Group, 'tx' | 'now'>,
    byMinute: ReadonlyMap<Ms, ReadonlyMap<string, SeriesFigures>>,
  ): Promise<{ idOf: (text: string) => number; learnt: Map<string, Known>; hasNewSeries: boolean }> {
    const keys = new Map([...byMinute.values()].flatMap((series) => [...series].map(([text, { key }]) => [text, key] as const)));
    const learnt = new Map<string, Known>();
    const today = periodOf(now, DAY);
    // Looked up again each day: it may have gone with its age, and for one that is counted as other there may be room since.
    const isUnknown = (text: string): boolean => !learnt.has(text) && (this.#known.get(text)?.seenAt ?? 0) < today;
    const unknown = (): [string, SeriesKey][] => [...keys].filter(([text]) => isUnknown(text));
    await learn(
      tx,
      unknown().map(([, key]) => key),
      learnt,
    );
    const fresh = unknown();
    const hasNewSeries = fresh.length > 0 && (await this.#make({ tx, now: today }, fresh, learnt));
    const knownOf = (text: string): Known => (learnt.get(text) ?? this.#known.get(text)) as Known;
    const idOf = (text: string): number => knownOf(text).id;
    const aged = [...keys.keys()].filter((text) => knownOf(text).seenAt < today);
    if (aged.length > 0) await tx.touchSeries([...new Set(aged.map(idOf))], today);
    for (const text of aged) learnt.set(text, { id: idOf(text), seenAt: today });
    return { idOf, learnt, hasNewSeries };
  }

  /** @returns whether any of them got a series of its own */
  async #make(
    { tx, now }: Pick<Group, 'tx' | 'now'>,
    fresh: [string, SeriesKey][],
    learnt: Map<string, Known>,
  ): Promise<boolean> {
    const applications = [...new Set(fresh.map(([, key]) => key.applicationId))];
    const counts = new Map<string, number>();
    const countOne = (budget: string, by = 1): void => void counts.set(budget, (counts.get(budget) ?? 0) + by);
    for (const { application_id, kind, count } of await tx.countSeries(applications)) {
      countOne(budgetOf(application_id, kind === KINDS.measure), count);
    }
    const rows = new Map<string, SeriesKey>();
    const standsFor = new Map<string, string>();
    for (const [text, key] of fresh) {
      const isMeasure = key.kind === 'measure';
      const budget = budgetOf(key.applicationId, isMeasure);
      const most = isMeasure ? this.#deps.maxMeasures : this.#deps.maxSeries;
      const own = (counts.get(budget) ?? 0) < most ? key : otherOf(key);
      countOne(budget);
      standsFor.set(text, textOf(own));
      rows.set(textOf(own), own);
    }
    await learn(tx, [...rows.values()], learnt);
    for (const text of rows.keys()) if (learnt.has(text)) rows.delete(text); // "(other)" may be there
    const ids = await tx.allocateIds('stat_series', rows.size);
    const made = [...rows].map(([text, key], place) => ({
      text,
      row: { id: ids[place] as number, ...namesOf(key), last_seen_at: now },
    }));
    await tx.insertSeries(made.map(({ row }) => row));
    for (const { text, row } of made) learnt.set(text, { id: row.id, seenAt: now });
    for (const [text, own] of standsFor) learnt.set(text, learnt.get(own) as Known);
    return made.length > 0;
  }
}

const budgetOf = (applicationId: number, isMeasure: boolean): string => `${applicationId} ${isMeasure}`;

/** Looks up which of these series there are. */
async function learn(tx: Group['tx'], keys: readonly SeriesKey[], learnt: Map<string, Known>): Promise<void> {
  if (keys.length === 0) return;
  for (const row of await tx.seriesByNames(keys.map(namesOf)))
    learnt.set(textOfRow(row), { id: row.id, seenAt: row.last_seen_at });
}

interface Page {
  key: PageKey;
  series: Map<number, SeriesStats>;
}

function readDeltas(rows: readonly StatDeltaRow[]): Map<Ms, Map<string, SeriesFigures>> {
  const byMinute = new Map<Ms, Map<string, SeriesFigures>>();
  for (const { written_at, payload } of rows) {
    const minute = periodOf(written_at, RESOLUTIONS[0]);
    const series = byMinute.get(minute) ?? new Map<string, SeriesFigures>();
    byMinute.set(minute, series);
    readDelta(payload, (key, read) => {
      read(figuresIn(series, key).stats);
      return true;
    });
  }
  return byMinute;
}

function pagesOf(
  byMinute: ReadonlyMap<Ms, ReadonlyMap<string, SeriesFigures>>,
  idOf: (text: string) => number,
): Map<string, Page> {
  const pages = new Map<string, Page>();
  for (const [minute, deltas] of byMinute) {
    for (const [text, { key: series, stats }] of deltas) {
      const id = idOf(text);
      for (const resolution of RESOLUTIONS) {
        const place = { application_id: series.applicationId, resolution_ms: resolution };
        const key = { ...place, period: periodOf(minute, resolution), slot: slotOf(id) };
        const page = pages.get(pageText(key)) ?? { key, series: new Map<number, SeriesStats>() };
        pages.set(pageText(key), page);
        seriesIn(page.series, id).merge(stats);
      }
    }
  }
  return pages;
}

const pageText = ({ application_id, resolution_ms, period, slot }: PageKey): string =>
  `${application_id} ${resolution_ms} ${period} ${slot}`;

function seriesIn(series: Map<number, SeriesStats>, id: number): SeriesStats {
  const stats = series.get(id) ?? new SeriesStats();
  series.set(id, stats);
  return stats;
}

const namesOf = ({ applicationId, kind, ...names }: SeriesKey) => ({
  application_id: applicationId,
  kind: KINDS[kind],
  ...names,
});

const textOfRow = ({ application_id, kind, pipeline, stage, handler, unit }: StatSeriesRow): string =>
  [application_id, kind, pipeline, stage, handler, unit].join('\0');

function otherOf(key: SeriesKey): SeriesKey {
  switch (key.kind) {
    case 'pipeline':
      return { ...key, pipeline: OTHER };
    case 'pool':
      return { ...key, stage: OTHER };
    case 'stage':
    case 'measure':
      return { ...key, pipeline: OTHER, stage: OTHER, handler: OTHER, unit: '' };
    default:
      return assertNever(key.kind);
  }
}
