import { expect, it } from 'vitest';
import { queueDepths } from './queue-depths.js';
import type { QueueDepth, ReadyStages } from './store/store.js';

/** Counts as the database does: handlers in order, each to a limit. */
function readsOf(all: readonly QueueDepth[]) {
  const asked: string[] = [];
  const depthOf = (key: { application_id: number; handler: string }): QueueDepth =>
    all.find(({ application_id, handler }) => application_id === key.application_id && handler === key.handler) as QueueDepth;
  const sum = (application_id: number, priority: 'high' | 'normal' | 'low') =>
    all.filter((depth) => depth.application_id === application_id).reduce((total, depth) => total + depth[priority], 0);
  return {
    asked,
    async allQueueDepths(limit: number) {
      return all.reduce((total, { high, normal, low }) => total + high + normal + low, 0) > limit ? undefined : [...all];
    },
    async waitingHandlers(limit: number) {
      return all.slice(0, limit).map(({ application_id, handler }) => ({ application_id, handler, ready_at: 0 }));
    },
    async queueDepths(handlers: readonly { application_id: number; handler: string }[], limit: number) {
      asked.push(`${handlers.length} to ${limit}`);
      return handlers.map(depthOf).map(({ high, normal, low, ...key }) => ({
        ...key,
        high: Math.min(high, limit),
        normal: Math.min(normal, limit),
        low: Math.min(low, limit),
      }));
    },
    async readyStages() {
      asked.push('all');
      return [...new Set(all.map(({ application_id }) => application_id))].map((application_id) => ({
        application_id,
        high: sum(application_id, 'high'),
        normal: sum(application_id, 'normal'),
        low: sum(application_id, 'low'),
      }));
    },
  };
}

const depth = (application_id: number, handler: string, [high, normal, low]: [number, number, number]): QueueDepth => ({
  application_id,
  handler,
  high,
  normal,
  low,
});
const MANY = [
  depth(1, 'a', [1, 2, 0]),
  depth(1, 'b', [0, 4, 0]),
  depth(1, 'c', [0, 8, 3]),
  depth(2, 'a', [0, 0, 16]),
  depth(3, 'z', [0, 32, 0]),
];

// Seen to fail when only twice as many handlers as are told apart were asked for, and the rest was dropped.
it.each([1, 2, 3, 4, 5, 6])('tells all that waits when %d handlers are told apart', async (handlers) => {
  const { byHandler, others } = await queueDepths(readsOf(MANY), { handlers, few: 10, rows: 1_000_000 });
  for (const priority of ['high', 'normal', 'low'] as const) {
    const sum = (of: readonly ReadyStages[]) => of.reduce((total, one) => total + one[priority], 0);
    expect(sum([...byHandler, ...others]), priority).toBe(sum(MANY));
  }
  expect(await queueDepths(readsOf(MANY), { handlers, few: 1_000, rows: 1_000_000 })).toEqual({ byHandler, others }); // in one go
  expect(byHandler).toEqual(MANY.slice(0, handlers));
  const rest = [[1, 2, 3], [1, 2, 3], [2, 3], [3], [], []][handlers - 1];
  expect(others.map(({ application_id }) => application_id)).toEqual(rest);
});

// Seen to fail when every handler was counted to its share, the millionth part of handlers, and no further.
it('counts one handler to its end whose backlog is longer than its share', async () => {
  const reads = readsOf([depth(1, 'a', [0, 1, 0]), depth(1, 'b', [0, 700, 0])]);
  const { byHandler } = await queueDepths(reads, { handlers: 10, few: 0, rows: 1_000 });
  expect(byHandler).toEqual([depth(1, 'a', [0, 1, 0]), depth(1, 'b', [0, 700, 0])]);
  expect(reads.asked).toEqual(['2 to 500', 'all', '1 to 1000']);
});

it('stops at its bound when there is more, and asks for no sum when there is none to make', async () => {
  const long = readsOf([depth(1, 'a', [0, 9_000, 0]), depth(1, 'b', [0, 9_000, 0])]);
  const cut = await queueDepths(long, { handlers: 10, few: 0, rows: 1_000 });
  expect(cut.byHandler.map(({ normal }) => normal)).toEqual([500, 500]);
  const few = readsOf(MANY);
  await queueDepths(few, { handlers: 10, few: 0, rows: 1_000_000 });
  expect(few.asked).toEqual(['5 to 200000']);
  expect(await queueDepths(readsOf([]), { handlers: 10, few: 0, rows: 1_000 })).toEqual({ byHandler: [], others: [] });
});
