import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedSince, type Folded, type Reach, reached, readReach, seriesAddedSince } from './reach.js';

const of = (minute: number | undefined, hasNewSeries = false): Folded => ({ minute, hasNewSeries });
const minutes = fc.array(fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }), { minLength: 1, maxLength: 200 });

it('knows the oldest minute that any fold since then added to, or says that any may have changed', () => {
  fc.assert(
    fc.property(minutes, fc.nat(), (folds, at) => {
      let reach: Reach | undefined;
      for (const [index, minute] of folds.entries()) {
        reach = readReach(JSON.stringify(reached(reach, index + 1, of(minute))));
      }
      const from = at % (folds.length + 1);
      const since = folds.slice(from).filter((minute) => minute !== undefined);
      const changed = changedSince(reach, from, folds.length);
      if (changed !== 0) expect(changed).toBe(Math.min(Number.POSITIVE_INFINITY, ...since));
      else expect(new Set(since).size).toBeGreaterThan(60); // of so many it does not keep all
    }),
  );
});

it('knows nothing when a server that tells nothing folded in between', () => {
  const reach = reached(reached(undefined, 1, of(10)), 3, of(30));
  expect(changedSince(reach, 1, 3)).toBe(0);
  expect(changedSince(reach, 3, 4)).toBe(0);
  expect(changedSince(undefined, 3, 4)).toBe(0);
  expect(changedSince(reach, 9, 3)).toBe(0); // a database of before
});

it('knows whether any fold since then added a series, or says that one may have', () => {
  const folds = fc.array(
    fc.record({ minute: fc.option(fc.nat(), { nil: undefined }), hasNewSeries: fc.boolean(), isTold: fc.boolean() }),
  );
  fc.assert(
    fc.property(folds, fc.nat(), (all, at) => {
      let reach: Reach | undefined;
      for (const [index, { isTold, ...folded }] of all.entries()) if (isTold) reach = reached(reach, index + 1, folded);
      const from = at % (all.length + 1);
      const since = all.slice(from);
      const mayBe = since.some(({ hasNewSeries, isTold }) => hasNewSeries || !isTold);
      if (mayBe) expect(seriesAddedSince(reach, from, all.length)).toBe(true);
      if (!mayBe && all.every(({ isTold }) => isTold)) expect(seriesAddedSince(reach, from, all.length)).toBe(false);
    }),
  );
  expect(seriesAddedSince({ last: 2, unknown: 0, folds: [] }, 1, 2)).toBe(true); // as an older server tells it
  expect(seriesAddedSince(reached(undefined, 3, of(1)), 9, 3)).toBe(true); // a database of before
});
