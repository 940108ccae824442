import { expect, it, onTestFinished } from 'vitest';
import { Effects } from '../../src/domain/commit/effects.js';
import type { Group } from '../../src/domain/commit/tickets.js';
import { Blocks } from '../../src/domain/insight/blocks.js';
import { type Collected, type Collecting, collect } from '../../src/domain/insight/collect.js';
import { packDelta } from '../../src/domain/insight/delta.js';
import { Folder } from '../../src/domain/insight/fold.js';
import { DAY, HOUR, MINUTE } from '../../src/domain/insight/periods.js';
import type { Sample } from '../../src/domain/insight/samples.js';
import { type Window, windowOf } from '../../src/domain/insight/window.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aFreshDatabase, openStoreOf } from '../support/stores.js';

const KEPT = { insightMinutesMs: 2 * DAY, insightHoursMs: 40 * DAY };
const APPLICATION = 1;

/** Numbers below `below`, the same in each run. */
function someNumbers(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

async function aStore() {
  const clock = new ManualClock({ now: Date.UTC(2030, 0, 1, 12, 2) });
  const store = await openStoreOf(await aFreshDatabase(), clock);
  onTestFinished(() => store.close());
  const inGroup = <T>(run: (group: Group) => Promise<T>): Promise<T> =>
    store.transaction((tx, now) => run({ tx, now, effects: new Effects(now), isDataFailure: () => false }));
  const folder = () => new Folder({ inGroup, maxSeries: 100, maxMeasures: 100, maxErrorGroups: 100 });
  const count = (samples: Sample[], at: number) => inGroup(({ tx }) => tx.appendStats(packDelta(samples), null, at));
  const read = (window: Window, collecting: Collecting = {}, handler?: string) =>
    collect(store.reads, { applicationId: APPLICATION, handler }, window, collecting);
  return { clock, folder, count, read };
}

function aSample(below: (bound: number) => number): Sample {
  const pipeline = { kind: 'pipeline', applicationId: APPLICATION, pipeline: `p${below(2)}`, trigger: 'api', traceId: undefined };
  if (below(3) === 0) return { ...pipeline, status: 'completed', durationMs: 1 + below(100_000) } as Sample;
  const handler = `h${below(3)}`;
  const ids = { stageId: 1, pipelineId: 1, pipeline: `p${below(2)}`, stage: 's', handler, traceId: undefined, spanId: undefined };
  const isDead = below(4) === 0;
  const times = { runMs: 1 + below(10_000), waitMs: below(50), attemptsBefore: 0, settledBy: 'ack' };
  return {
    kind: 'delivery',
    applicationId: APPLICATION,
    ...ids,
    ...times,
    isDead,
    outcome: isDead ? 'failed' : 'completed',
  } as Sample;
}

function seen({ series, points }: Collected) {
  const rows = series.map(({ key, stats: { counts, first, second } }) => ({
    ...key,
    counts: counts.join().replace(/(,0)+$/, ''), // sums of several series have room for the most counts of any
    first: [first.count, first.sum, first.min, first.max, ...first.buckets()],
    second: [second.count, second.sum, second.min, second.max, ...second.buckets()],
  }));
  return { points: [...points], rows: rows.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)) };
}

const runTimes = ({ series }: Collected) =>
  series.filter(({ key }) => key.kind === 'stage').map(({ key, stats }) => [key, stats.first.count, ...stats.first.buckets()]);

// Seen to fail when blocks stay after a fold, when only those stay that end before its minute begins, when edges are left out, and when
// sums that were joined leave out one of their parts.
it('sums that are kept tell what the pages tell, whoever folds and however late', { timeout: 60_000 }, async () => {
  const { clock, folder, count, read } = await aStore();
  const below = someNumbers();
  const folders = [folder(), folder()];
  const servers = [new Blocks(1e9), new Blocks(1e9), new Blocks(20_000)];
  const asked: Window[] = [];
  for (let step = 0; step < 150; step++) {
    const late = below(5) === 0 ? below(3 * HOUR) : 0;
    await count(
      Array.from({ length: 4 }, () => aSample(below)),
      clock.now() - late,
    );
    if (below(2) === 0) await folders[below(2)]?.step();
    clock.jump([MINUTE, 7 * MINUTE, HOUR, 9 * HOUR][below(4)] ?? 0);
    const now = clock.now();
    const to = now - (below(2) === 0 ? 0 : below(DAY));
    const news = windowOf(to - ([HOUR, DAY, 9 * DAY, 30 * DAY][below(4)] ?? 0) - below(HOUR), to, now, KEPT);
    const window = (below(2) === 0 && asked[asked.length - 1 - below(4)]) || news; // who asked before asks again
    asked.push(window);
    const handler = below(4) === 0 ? 'h1' : undefined;
    const blocks = servers[below(3)];
    expect(seen(await read(window, { blocks }, handler)), `step ${step}`).toEqual(seen(await read(window, {}, handler)));
    const [kept, all] = [await read(window, { blocks, what: 'run times' }), await read(window)];
    expect(runTimes(kept)).toEqual(runTimes(all));
  }
});
