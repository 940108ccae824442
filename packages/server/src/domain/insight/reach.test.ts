import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changedSince, type Reach, reached, readReach } from './reach.js';

const minutes = fc.array(fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }), { minLength: 1, maxLength: 200 });

it('knows the oldest minute that any fold since then added to, or says that any may have changed', () => {
  fc.assert(
    fc.property(minutes, fc.nat(), (folds, at) => {
      let reach: Reach | undefined;
      for (const [index, minute] of folds.entries()) {
        reach = readReach(JSON.stringify(reached(reach, index + 1, minute)));
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
  const reach = reached(reached(undefined, 1, 10), 3, 30);
  expect(changedSince(reach, 1, 3)).toBe(0);
  expect(changedSince(reach, 3, 4)).toBe(0);
  expect(changedSince(undefined, 3, 4)).toBe(0);
  expect(changedSince(reach, 9, 3)).toBe(0); // a database of before
});
