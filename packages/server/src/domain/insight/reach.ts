import type { Ms } from '../../store/store.js';

/**
 * How far back folds reached, so that who keeps sums of pages knows which of them changed. Folds are numbered; each adds to pages from
 * some minute on. Kept are those folds alone after which none reached as far back: few, for time goes on.
 */
export interface Reach {
  /** The last fold that said how far it reached; not the last of all where a server of an older version folds too. */
  last: number;
  /** Before and including this fold nothing is known any more. */
  unknown: number;
  /** Number and minute, both ascending. */
  folds: readonly (readonly [fold: number, minute: Ms])[];
  /** No fold after this one added a series; absent where a server of an older version said the rest. */
  series?: number;
}

/** Folds that are kept: an hour of them, when each reaches into one minute more. */
const MOST = 60;

const noReach = (fold: number): Reach => ({ last: fold, unknown: fold, folds: [], series: fold });

/** @param text - as `reachText` wrote it; undefined when there is none */
export const readReach = (text: string | undefined): Reach | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as Reach);

/** What a fold added to: pages from a minute on, or none; and whether there are new series. */
export interface Folded {
  minute: Ms | undefined;
  hasNewSeries: boolean;
}

/** With one more fold. */
export function reached(before: Reach | undefined, fold: number, { minute, hasNewSeries }: Folded): Reach {
  const known = before?.last === fold - 1 ? before : noReach(fold - 1);
  const series = hasNewSeries ? fold : (known.series ?? fold - 1);
  if (minute === undefined) return { ...known, last: fold, series };
  const folds = [...known.folds.filter(([, other]) => other < minute), [fold, minute] as const];
  const dropped = folds.length > MOST ? folds.shift() : undefined;
  return { last: fold, unknown: dropped?.[0] ?? known.unknown, folds, series };
}

/** The minute from which pages may have changed after `fold`: infinite when none did, 0 when any may have. */
export function changedSince(reach: Reach | undefined, fold: number, now: number): Ms {
  if (fold === now) return Number.POSITIVE_INFINITY;
  if (reach?.last !== now || fold < reach.unknown || fold > now) return 0;
  return reach.folds.find(([other]) => other > fold)?.[1] ?? Number.POSITIVE_INFINITY;
}

/** Whether there may be series that were not there after `fold`. */
export function seriesAddedSince(reach: Reach | undefined, fold: number, now: number): boolean {
  if (fold === now) return false;
  return reach?.last !== now || reach.series === undefined || fold > now || reach.series > fold;
}
