import type { Insights } from '@pipelogiq/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { harness } from './support.js';

const HOUR = 3_600_000;

const uniform = fc.double({ min: -1_000, max: 1_000, noNaN: true });
const heavyTailed = fc.double({ min: 1e-4, max: 1, noNaN: true }).map((u) => 10 / u ** 2);
const values = (one: fc.Arbitrary<number>) => fc.array(one, { minLength: 1, maxLength: 60 });
const distribution = fc.oneof(
  values(uniform),
  values(heavyTailed),
  fc.tuple(uniform, fc.integer({ min: 1, max: 60 })).map(([value, count]) => Array<number>(count).fill(value)),
);
/** What is measured at one time, and how long it takes until the next. */
const bursts = fc.array(fc.record({ burst: distribution, restMs: fc.integer({ min: 1, max: 9 * HOUR }) }), {
  minLength: 2,
  maxLength: 5,
});

it('percentiles are within 1 % of exact, whatever was measured, read from deltas or from pages of minutes, hours and days', {
  timeout: 120_000,
}, async () => {
  const h = await harness();
  const worker = await h.worker();
  const measuresOf = async (query: string) =>
    (await h.call<Insights>('GET', `/observability/insights?${query}&limit=200`)).measures;
  let run = 0;
  await fc.assert(
    fc.asyncProperty(bursts, async (all) => {
      const name = `run-${run++}`;
      const from = new Date(h.controlPlane.now()).toISOString();
      for (const { burst, restMs } of all) {
        await h.create({ stages: [{ name: 'a' }] });
        await worker.ack(await worker.one(), { measures: burst.map((value) => ({ name, value })) });
        await h.controlPlane.jump(restMs);
        await h.controlPlane.advance(6_000); // folds what is older
      }
      const sorted = all.flatMap(({ burst }) => burst).sort((one, other) => one - other);
      for (const query of [`from=${from}`, 'range=7d', 'range=90d', 'range=400d']) {
        const measured = (await measuresOf(query)).find((measure) => measure.name === name)?.values;
        expect(measured).toMatchObject({ count: sorted.length, min: sorted[0], max: sorted.at(-1) });
        for (const [percent, key] of [
          [50, 'p50'],
          [90, 'p90'],
          [95, 'p95'],
          [99, 'p99'],
        ] as const) {
          const exact = sorted[Math.ceil((percent * sorted.length) / 100) - 1] as number;
          const error = Math.abs((measured?.[key] ?? Number.NaN) - exact);
          expect(error, `${key} over ${query}`).toBeLessThanOrEqual(Math.abs(exact) * 0.01 + 1e-9);
        }
      }
    }),
    { numRuns: 12 },
  );
});
