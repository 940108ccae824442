import type { StageSpec } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import type { Tx } from '../../src/store/store.js';
import { watchedEngine } from './support.js';

/** Counts the calls of a transaction, and the rows that each brought. */
function counting(counts: Map<string, { calls: number; rows: number }>): (tx: Tx) => Tx {
  return (tx) =>
    new Proxy(tx, {
      get(target, name: string) {
        const method = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const answer: unknown = await method.apply(target, args);
          const count = counts.get(name) ?? { calls: 0, rows: 0 };
          counts.set(name, { calls: count.calls + 1, rows: count.rows + (Array.isArray(answer) ? answer.length : 0) });
          return answer;
        };
      },
    });
}

// Seen to fail when every ack that spawns looks at its pipeline by itself: 60 reads of each kind.
it('reads a pipeline once for all acks of a group that spawn, and not its stages', async () => {
  const { engine, caller, watch, worker } = await watchedEngine();
  const spawners = Array.from({ length: 60 }, (_, at): StageSpec => ({ name: `range-${at}`, handler: 'a', dependsOn: [] }));
  const join: StageSpec = { name: 'join', handler: 'j', dependsOn: spawners.map(({ name }) => name) };
  const idle = Array.from({ length: 500 }, (_, at): StageSpec => ({ name: `idle-${at}`, handler: 'z', dependsOn: [] }));
  const stages = [...spawners, join, ...idle];
  const [created] = await engine.useCases.pipelines.create(caller, [{ name: 'wide', stages }]);
  const holder = await worker();
  const ask = { workerId: '', pullSeq: 1, handlers: ['a'], maxJobs: 60 };
  const { jobs } = await engine.useCases.jobs.pull(holder, ask, new AbortController().signal);
  const counts = new Map<string, { calls: number; rows: number }>();
  watch.tx = counting(counts);
  const before = watch.transactions;
  const acks = jobs.map(({ id, fencingToken, stage }) => {
    const spawn = Array.from({ length: 3 }, (_, at): StageSpec => ({ name: `${stage}.${at}`, handler: 'z' }));
    return { id, fencingToken, spawn };
  });
  const settled = await engine.useCases.jobs.settle(holder, { acks });
  expect(settled.map((result) => 'status' in result && result.status)).toEqual(acks.map(() => 'completed'));
  const groups = watch.transactions - before;
  expect(groups).toBe(1);
  expect(counts.get('graphStages')).toBeUndefined();
  expect(counts.get('graphEdges')).toBeUndefined();
  for (const read of ['pipelineState', 'stagesNamed', 'dependentEdges', 'countEdges', 'insertStages']) {
    expect(counts.get(read)?.calls, read).toBe(groups);
  }
  const rows = [...counts.values()].reduce((sum, count) => sum + count.rows, 0);
  expect(rows).toBeLessThan(2 * (60 + 180)); // what ends and what is added; the pipeline itself has 561 stages
  if (!created || !('id' in created)) throw new Error('not created');
  const pipeline = await engine.useCases.pipelines.get(caller, created.id);
  expect(pipeline.stages).toMatchObject({ total: 561 + 180, completed: 60 });
});
