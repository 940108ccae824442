import { expect, it, onTestFinished } from 'vitest';
import { Effects } from '../../src/domain/commit/effects.js';
import type { Group } from '../../src/domain/commit/tickets.js';
import { collect } from '../../src/domain/insight/collect.js';
import { packDelta } from '../../src/domain/insight/delta.js';
import { Folder } from '../../src/domain/insight/fold.js';
import { windowOf } from '../../src/domain/insight/window.js';
import { openPostgresStore } from '../../src/store/postgres/store.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aPostgresDatabase } from '../support/stores.js';

const START = Date.UTC(2030, 0, 1, 12);
const KEPT = { insightMinutesMs: 2 * 86_400_000, insightHoursMs: 40 * 86_400_000 };
const SERVERS = 3;
const COMMITS = 40;

// Seen to fail when a fold does not wait for the one under way (beginFold): two make the same series.
it('servers that count and fold at the same time lose nothing', { timeout: 60_000 }, async () => {
  const database = await aPostgresDatabase();
  const clock = new ManualClock({ now: START });
  const servers = [];
  for (let at = 0; at < SERVERS; at++) {
    const store = await openPostgresStore({ url: database, clock, timeOf: clock, onBackgroundError: () => {} });
    onTestFinished(() => store.close());
    const inGroup = <T>(run: (group: Group) => Promise<T>): Promise<T> =>
      store
        .transaction((tx, now) => run({ tx, now, effects: new Effects(now), isDataFailure: () => false }))
        .catch((error: unknown) => {
          if (store.failureOf(error) !== 'conflict') throw error;
          return inGroup(run); // as a group does
        });
    servers.push({ store, inGroup, folder: new Folder({ inGroup, maxSeries: 100, maxMeasures: 100, maxErrorGroups: 100 }) });
  }
  const measured = { kind: 'measure', applicationId: 1, pipelineId: 1, pipeline: 'p', handler: 'h', unit: '', value: 2 } as const;
  await Promise.all(
    servers.map(async ({ inGroup, folder }) => {
      for (let n = 0; n < COMMITS; n++) {
        const samples = ['a', 'b', `n-${n % 5}`].map((name) => ({ ...measured, name }));
        await inGroup(({ tx, now }) => tx.appendStats(packDelta(samples), null, now));
        if (n % 4 === 0) await folder.step();
      }
    }),
  );
  const [first] = servers;
  if (!first) throw new Error('no server');
  for (const range of ['as they are', 'folded']) {
    const { series } = await collect(first.store.reads, { applicationId: 1 }, windowOf(START - 60_000, START, START, KEPT));
    const counts = Object.fromEntries(series.map(({ key, stats }) => [key.stage, [stats.first.count, stats.first.sum]]));
    const all = SERVERS * COMMITS;
    expect(counts, range).toEqual({
      a: [all, 2 * all],
      b: [all, 2 * all],
      ...Object.fromEntries([0, 1, 2, 3, 4].map((n) => [`n-${n}`, [all / 5, (2 * all) / 5]])),
    });
    await first.folder.step();
  }
});
