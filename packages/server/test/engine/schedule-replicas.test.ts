import type { Page, PipelineSummary, Schedule, ScheduleFiring } from '@pipelogiq/protocol';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { Effects } from '../../src/domain/commit/effects.js';
import { type FireDeps, fireSchedules } from '../../src/domain/schedule/fire.js';
import { openPostgresStore } from '../../src/store/postgres/store.js';
import { openSqliteStore } from '../../src/store/sqlite/store.js';
import type { Store } from '../../src/store/store.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aDatabase } from '../support/stores.js';
import { type Harness, harness } from './support.js';

const START = Date.parse('2030-01-01T02:59:50Z');
const EVERY_MINUTE = {
  cron: '* * * * *',
  missedRuns: 'catch_up',
  template: { name: 'report', stages: [{ name: 'a' }, { name: 'b' }] },
} as const;

const listOf = async <T>(call: <R>(method: string, path: string) => Promise<R>, path: string): Promise<T[]> =>
  (await call<Page<T>>('GET', path)).items;

describe('three control planes on one database', () => {
  const onPostgres = inject('store') === 'postgres' ? it : it.skip; // a file of SQLite has one server

  onPostgres('make one pipeline a firing, also after the one that leads is gone', async () => {
    const database = await aDatabase();
    const planes: Harness[] = [];
    for (const seed of [1, 2, 3]) planes.push(await harness({ database, now: START, seed }));
    const [first, second, third] = planes as [Harness, Harness, Harness];
    const ids = [];
    for (const [index, plane] of planes.entries()) {
      ids.push((await plane.call<Schedule>('POST', '/schedules', { ...EVERY_MINUTE, name: `s${index}` })).id);
    }
    const advance = (some: Harness[], ms: number) => Promise.all(some.map(({ controlPlane }) => controlPlane.advance(ms)));
    await advance(planes, 75_000); // 03:00 and 03:01
    await first.controlPlane.close();
    await advance([second, third], 60_000); // 03:02
    for (const id of ids) {
      const firings = await listOf<ScheduleFiring>(third.call, `/schedules/${id}/firings`);
      expect(firings.map(({ fireAt }) => fireAt.slice(11, 16))).toEqual(['03:02', '03:01', '03:00']);
    }
    expect(await listOf<PipelineSummary>(second.call, '/pipelines')).toHaveLength(9);
  });
});

/** Stores that take part in one database: three, or the only one that there can be. */
async function openStores(database: string, clock: ManualClock): Promise<[Store, Store, Store]> {
  const open = (): Promise<Store> =>
    inject('store') === 'postgres'
      ? openPostgresStore({ url: database, clock, timeOf: clock, onBackgroundError: () => undefined })
      : openSqliteStore({ path: database, synchronous: 'full', clock });
  const first = await open();
  const stores: [Store, Store, Store] =
    inject('store') === 'postgres' ? [first, await open(), await open()] : [first, first, first];
  onTestFinished(async () => {
    for (const store of new Set(stores)) await store.close();
  });
  return stores;
}

describe('rounds that run at the same time', () => {
  const deps = (clock: ManualClock, seed: number): FireDeps => ({
    clock: new ManualClock({ seed, now: clock.now() }),
    maxValueBytes: 262_144,
    sampler: () => 0,
    maxRows: 1_000,
    maxBytes: 2_097_152,
    onBroken: (_, error) => {
      throw error;
    },
  });

  async function missedTwentyMinutes() {
    const database = await aDatabase();
    const setup = await harness({ database, now: START });
    const ids: string[] = [];
    for (const name of ['one', 'two', 'three']) {
      ids.push((await setup.call<Schedule>('POST', '/schedules', { ...EVERY_MINUTE, name })).id);
    }
    await setup.controlPlane.close();
    const clock = new ManualClock({ now: START + 20 * 60_000 });
    const stores = await openStores(database, clock);
    const look = async () => {
      const { call } = await harness({ database, now: START });
      const firings = [];
      for (const id of ids) firings.push(await listOf<ScheduleFiring>(call, `/schedules/${id}/firings?limit=200`));
      return { firings, pipelines: await listOf<PipelineSummary>(call, '/pipelines?limit=200') };
    };
    const round = (store: Store, seed: number) =>
      store.transaction((tx, now) =>
        fireSchedules(
          { tx, now, effects: new Effects(now), isDataFailure: (error) => store.failureOf(error) === 'data' },
          deps(clock, seed),
        ),
      );
    return { stores, round, look, database };
  }

  /** One connection writes to a file of SQLite: there its own committer puts rounds one after the other. */
  async function together(rounds: (() => Promise<unknown>)[]): Promise<void> {
    if (inject('store') === 'postgres') await Promise.all(rounds.map((run) => run()));
    else for (const run of rounds) await run();
  }

  // Without the unique key and the row locks: 180 pipelines on PostgreSQL.
  it('make one pipeline a fire time between them', async () => {
    const { stores, round, look } = await missedTwentyMinutes();
    for (const seed of [2, 12]) await together(stores.map((store, index) => () => round(store, seed + index)));
    const { firings, pipelines } = await look();
    expect(firings.map((list) => new Set(list.map(({ fireAt }) => fireAt)).size)).toEqual([20, 20, 20]);
    expect(pipelines).toHaveLength(60);
    expect(new Set(firings.flat().map(({ pipelineId }) => pipelineId))).toEqual(new Set(pipelines.map(({ id }) => id)));
  });

  // Without the unique key: 120 pipelines.
  it('make one pipeline a fire time also when both decide on what was true before the other', async () => {
    const { stores, round, look } = await missedTwentyMinutes();
    const [first, second] = stores;
    const stale = await first.transaction((tx, now) => tx.dueSchedules(now, 10));
    expect(stale).toHaveLength(3);
    await round(second, 2);
    // A server that has read the schedules before the other one's commit, as without row locks it could.
    await first.transaction((tx, now) =>
      fireSchedules(
        {
          tx: { ...tx, dueSchedules: async () => stale },
          now,
          effects: new Effects(now),
          isDataFailure: (error) => first.failureOf(error) === 'data',
        },
        deps(new ManualClock({ now }), 3),
      ),
    );
    const { firings, pipelines } = await look();
    expect(firings.map(({ length }) => length)).toEqual([20, 20, 20]);
    expect(pipelines).toHaveLength(60);
  });
});
