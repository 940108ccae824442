// A service that works with graphile-worker: one worker of 24 jobs at a time over 25 connections; `batched` adds the local queue and
// the grouped completions of its own performance page, which give up a little safety for much speed.
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, runOnce } from 'graphile-worker';
import pg from 'pg';

const CONCURRENCY = 24;
const BATCHED = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

/** Warnings and errors end the run: a figure with a failed job in it is none. */
const loggerFor = (failures) =>
  new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') failures.push(new Error(`graphile-worker: ${message}`));
  });

async function anyLeft(pgPool) {
  const { rows } = await pgPool.query('select exists (select from graphile_worker.jobs) as left');
  return rows[0].left;
}

/** @param {{ database: string }} target */
export async function graphileDriver({ database }, { batched }) {
  const pgPool = new pg.Pool({ connectionString: database, max: CONCURRENCY + 1 });
  const failures = [];
  const note = (error) => failures.push(error);
  pgPool.on('error', note).on('connect', (client) => client.on('error', note));
  const logger = loggerFor(failures);
  const utils = await makeWorkerUtils({ pgPool, logger });
  await utils.migrate();
  const preset = { worker: { concurrentJobs: CONCURRENCY, ...(batched && BATCHED) } };
  return {
    async createBatch(pipelines) {
      await utils.addJobs(
        pipelines.flatMap(({ stages }) => stages.map(({ handler, input }) => ({ identifier: handler, payload: input }))),
      );
    },
    /** Until nothing is left and the last completion is in the database. */
    async drain({ handlers: [name], count }) {
      let handled = 0;
      const taskList = { [name]: async () => void handled++ };
      const started = performance.now();
      await runOnce({ preset, pgPool, taskList, logger, noHandleSignals: true });
      // The worker does not wait for its last completions.
      while (await anyLeft(pgPool)) await sleep(2);
      const ms = performance.now() - started;
      if (failures.length > 0) throw failures[0];
      if (handled !== count) throw new Error(`graphile-worker handled ${handled} jobs, ${count} were created`);
      return ms;
    },
    close: async () => {
      await utils.release();
      await pgPool.end();
    },
  };
}
