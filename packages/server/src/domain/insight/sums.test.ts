import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addToPage, readPage } from './page.js';
import { SeriesStats } from './series.js';
import { Sums } from './sums.js';

/** What one series did: values of its two sketches, and counts. */
const did = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  first: fc.array(fc.oneof(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 1e6 })), { maxLength: 5 }),
  second: fc.array(fc.nat({ max: 3_000 }), { maxLength: 5 }),
  counts: fc.array(fc.nat({ max: 9 }), { maxLength: 11 }),
});
type Did = typeof did extends fc.Arbitrary<infer Value> ? Value : never;
const parts = fc.array(fc.array(did, { maxLength: 8 }), { maxLength: 6 });

function statsOf({ first, second, counts }: Pick<Did, 'first' | 'second' | 'counts'>): SeriesStats {
  const stats = new SeriesStats([...counts]);
  for (const value of first) stats.first.add(value);
  for (const value of second) stats.second.add(value);
  return stats;
}

function byId(all: readonly Did[]): Map<number, SeriesStats> {
  const series = new Map<number, SeriesStats>();
  for (const one of all) {
    const stats = series.get(one.id) ?? new SeriesStats();
    stats.merge(statsOf(one));
    series.set(one.id, stats);
  }
  return series;
}

function seen(stats: SeriesStats | undefined) {
  if (!stats || stats.isEmpty) return undefined;
  const { counts, first, second } = stats;
  const sketches = [first, second].map((sketch) => [
    [sketch.count, sketch.sum, sketch.min, sketch.max],
    [...sketch.buckets()],
    [0, 0.5, 0.95, 1].map((share) => sketch.quantile(share)),
    [-7, 0, 40, 5_000].map((bound) => sketch.countUpTo(bound)),
  ]);
  return { counts: counts.join().replace(/(^|,)[0,]*$/, ''), sketches };
}

it('what is added up in arrays is what is added up one by one, whatever is left out', () => {
  fc.assert(
    fc.property(parts, fc.subarray([1, 2, 3, 4, 5, 6]), (all, ids) => {
      const placeOf = new Map(ids.map((id, place) => [id, place]));
      const packed = all.map((part) => Sums.pack(byId(part)));
      const whole = byId(all.flat());
      const sums = Sums.addUp(packed, { ids, placeOf });
      expect(ids.map((_, place) => seen(sums.statsAt(place)))).toEqual(ids.map((id) => seen(whole.get(id))));
      const twice = Sums.addUp([sums, sums], { ids, placeOf }); // sums of sums, as longer ones are made of
      const both = byId([...all, ...all].flat());
      expect(ids.map((_, place) => seen(twice.statsAt(place)))).toEqual(ids.map((id) => seen(both.get(id))));
      const runTimes = Sums.addUp(packed, { ids, placeOf, only: 'run times' });
      const counted = Sums.addUp(packed, { ids, placeOf, only: 'counts and run times' });
      for (const [place, id] of ids.entries()) {
        const expected = whole.get(id) ?? new SeriesStats();
        const { first } = runTimes.statsAt(place) ?? new SeriesStats();
        const { counts, first: same, second } = counted.statsAt(place) ?? new SeriesStats();
        for (const sketch of [first, same]) expect([...sketch.buckets()]).toEqual([...expected.first.buckets()]);
        expect(seen(new SeriesStats(counts, same, expected.second))).toEqual(seen(expected));
        expect(second.count).toBe(0);
      }
    }),
  );
});

it('adding to what is shown changes nothing that is kept', () => {
  fc.assert(
    fc.property(fc.array(did, { minLength: 1, maxLength: 8 }), did, (all, more) => {
      const series = byId(all);
      const sums = Sums.pack(series);
      const before = sums.ids.map((_, place) => seen(sums.statsAt(place)));
      for (const [place, id] of sums.ids.entries()) {
        const shown = sums.statsAt(place) ?? new SeriesStats();
        shown.merge(statsOf(more));
        expect(seen(shown)).toEqual(seen(byId([...all.filter((one) => one.id === id), { ...more, id }]).get(id)));
      }
      expect(sums.ids.map((_, place) => seen(sums.statsAt(place)))).toEqual(before);
    }),
  );
});

it('all together are what one after the other comes to', () => {
  fc.assert(
    fc.property(fc.array(did, { maxLength: 8 }), (all) => {
      const sum = new SeriesStats();
      for (const one of all) sum.merge(statsOf(one));
      expect(seen(SeriesStats.sumOf(all.map(statsOf)))).toEqual(seen(sum));
    }),
  );
});

it('a page holds all that was added to it, and what nothing is added to stays as it is', () => {
  fc.assert(
    fc.property(parts, (all) => {
      let page: Uint8Array | undefined;
      for (const part of all) page = addToPage(page, byId(part));
      const read = new Map<number, SeriesStats>();
      readPage(page ?? new Uint8Array(), (id, into) => {
        expect(read.has(id)).toBe(false);
        read.set(id, new SeriesStats());
        into(read.get(id) as SeriesStats);
        return true;
      });
      const whole = byId(all.flat());
      expect([...read.keys()].sort()).toEqual([...whole.keys()].sort());
      for (const [id, stats] of read) expect(seen(stats)).toEqual(seen(whole.get(id)));
    }),
  );
});
