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
}

/** Folds that are kept: an hour of them, when each reaches into one minute more. */
const MOST = 60;

const noReach = (fold: number): Reach => ({ last: fold, unknown: fold, folds: [] });

/** @param text - as `reachText` wrote it; undefined when there is none */
export const readReach = (text: string | undefined): Reach | undefined =>
  text === undefined ? undefined : (JSON.parse(text) as Reach);

/** With one more fold, which added to pages from `minute` on, or to none. */
export function reached(before: Reach | undefined, fold: number, minute: Ms | undefined): Reach {
  const known = before?.last === fold - 1 ? before : noReach(fold - 1);
  if (minute === undefined) return { ...known, last: fold };
  const folds = [...known.folds.filter(([, other]) => other < minute), [fold, minute] as const];
  const dropped = folds.length > MOST ? folds.shift() : undefined;
  return { last: fold, unknown: dropped?.[0] ?? known.unknown, folds };
}

/** The minute from which pages may have changed after `fold`: infinite when none did, 0 when any may have. */
export function changedSince(reach: Reach | undefined, fold: number, now: number): Ms {
  if (fold === now) return Number.POSITIVE_INFINITY;
  if (reach?.last !== now || fold < reach.unknown || fold > now) return 0;
  return reach.folds.find(([other]) => other > fold)?.[1] ?? Number.POSITIVE_INFINITY;
}
