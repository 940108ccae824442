// A service that works with pg-boss: its batches, fetched and completed without a pause. Its own `work()` waits half a second at
// least between two batches.
import PgBoss from 'pg-boss';

/** @param {{ database: string }} target */
export async function pgBossDriver({ database }, { jobsPerCall }) {
  const boss = new PgBoss(database);
  let failure;
  boss.on('error', (error) => {
    failure ??= error;
  });
  await boss.start();
  const queues = new Map();
  const ensureQueue = (name) => {
    if (!queues.has(name)) queues.set(name, boss.createQueue(name)); // two at a time deadlock
    return queues.get(name);
  };

  const lane = async (name, state, count) => {
    while (state.completed < count) {
      const jobs = await boss.fetch(name, { batchSize: jobsPerCall });
      if (failure) throw failure;
      if (jobs.length === 0) continue;
      const ids = jobs.map(({ id }) => id);
      await boss.complete(name, ids);
      state.completed += ids.length;
    }
  };
  return {
    async createBatch(pipelines) {
      const jobs = pipelines.flatMap(({ stages }) => stages.map(({ handler, input }) => ({ name: handler, data: input })));
      await ensureQueue(jobs[0].name);
      await boss.insert(jobs);
    },
    async drain({ handlers: [name], count, lanes }) {
      await ensureQueue(name);
      const state = { completed: 0 };
      const started = performance.now();
      await Promise.all(Array.from({ length: lanes }, () => lane(name, state, count)));
      const ms = performance.now() - started;
      if (state.completed !== count) throw new Error(`pg-boss completed ${state.completed} jobs, ${count} were created`);
      return ms;
    },
    close: () => boss.stop({ graceful: false }),
  };
}
