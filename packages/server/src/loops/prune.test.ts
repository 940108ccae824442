import { describe, expect, it } from 'vitest';
import type { Group } from '../domain/commit/tickets.js';
import type { PrunablePipeline } from '../store/store.js';
import { Pruner } from './prune.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
const OLD = 0;

interface Change {
  created_at?: number;
  finished_at?: number | null;
  stages_total?: number;
  exports?: 0 | 1;
}

/** A store of pipelines that counts how it is read, and a pruner that keeps them for a day. */
function aPruner(pipelines: Change[], { rows = 250, keepExports = false } = {}) {
  let now = 2 * DAY;
  let table: PrunablePipeline[] = pipelines.map((change, at) => ({
    id: at + 1,
    created_at: OLD,
    finished_at: OLD,
    stages_total: 1,
    exports: 0,
    ...change,
  }));
  const seen = { looked: 0, chunks: [] as number[][], pruned: [] as number[] };
  const tx = {
    lockPipelines: async () => undefined,
    deletePipelines: async (ids: number[]) => {
      seen.chunks.push(ids);
      table = table.filter(({ id }) => !ids.includes(id));
      return ids;
    },
    deleteRemains: async () => ({ more: false }),
  };
  const pruner = new Pruner({
    reads: {
      pipelinesAfter: async (after, limit) => {
        const found = table.filter(({ id }) => id > after).slice(0, limit);
        seen.looked += found.length;
        return found;
      },
      hasRemains: async () => false,
    },
    retentionMs: DAY,
    keepExports,
    limits: { rows, bytes: 1_000 },
    pauseMs: 10,
    now: () => now,
    inBackground: (run) => run({ tx, now } as unknown as Group),
    onPruned: (count) => seen.pruned.push(count),
  });
  return {
    seen,
    left: () => table.map(({ id }) => id),
    /** As the loop does: steps until it asks for no more. Answers how many. */
    walk: async () => {
      let steps = 1;
      while ((await pruner.step()).inMs !== undefined) steps += 1;
      return steps;
    },
    pass: (ms: number) => {
      now += ms;
    },
  };
}

const many = (count: number, change: Change = {}): Change[] => Array.from({ length: count }, () => change);

describe('the walk of pruning', () => {
  it('deletes what is due in chunks of at most so many rows, stages counted', async () => {
    const { seen, walk, left } = aPruner(many(7, { stages_total: 3 }), { rows: 12 });
    await walk();
    expect(seen.chunks).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    expect(left()).toEqual([]);
    expect(seen.pruned).toEqual([7]);
  });

  it('takes a pipeline that is larger than a chunk alone', async () => {
    const { seen, walk } = aPruner([{}, { stages_total: 10_000 }, {}], { rows: 10 });
    await walk();
    expect(seen.chunks).toEqual([[1], [2], [3]]);
  });

  it('leaves what has not ended, ended too late, or waits for export', async () => {
    const { walk, left } = aPruner([{ finished_at: null }, { finished_at: 2 * DAY }, { exports: 1 }, {}], { keepExports: true });
    await walk();
    expect(left()).toEqual([1, 2, 3]);
  });

  it('ends where the pipelines are too young, and reads no further', async () => {
    const { seen, walk } = aPruner([...many(400), ...many(5_000, { created_at: 2 * DAY, finished_at: 2 * DAY })]);
    await walk();
    expect(seen.looked).toBe(1_000);
    expect(seen.chunks.flat()).toHaveLength(400);
  });

  it('goes on behind single pipelines that a wrong clock made young', async () => {
    const { walk, left } = aPruner([{ created_at: 900 * DAY, finished_at: null }, ...many(1_200)]);
    await walk();
    expect(left()).toEqual([1]);
  });

  it('rests the longer the more it had to leave, so that old live pipelines are not walked over and over', async () => {
    const { seen, walk, pass } = aPruner(many(5_000, { finished_at: null }));
    await walk();
    expect(seen.looked).toBe(5_000);
    await walk();
    pass(4_999);
    await walk();
    expect(seen.looked).toBe(5_000);
    pass(1);
    await walk();
    expect(seen.looked).toBe(10_000);
  });

  it('finds what ended meanwhile behind those that live', async () => {
    const pipelines: Change[] = many(1_000, { finished_at: null });
    const late = { finished_at: OLD + DAY + MINUTE };
    const { walk, left, pass } = aPruner([...pipelines, late, {}]);
    await walk();
    expect(left()).toHaveLength(1_001);
    pass(2 * MINUTE);
    await walk();
    expect(left()).toHaveLength(1_000);
  });
});
