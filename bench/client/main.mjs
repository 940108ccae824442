// The client process: one driver against one server, told over IPC what to do. It is a process of its own so that the client's
// work never runs on the server's thread nor on the harness's.
import { setTimeout as sleep } from 'node:timers/promises';
import { bareClient, drainBare, idleBare, oneOfMany, pullsBare } from './bare.mjs';
import { createInBatches, createOneByOne } from './load.mjs';
import { operateBare } from './operate.mjs';

const CONNECTIONS = 64;
const JOBS_PER_CALL = 64;

/** 4 to 8 ms, so that creates do not fall into step with any timer of the server. */
const gap = () => sleep(4 + Math.random() * 4);

/** @param target `{ url, apiKey? }`, several of them for replicas of one server, or `{ database }` for those who go there directly */
async function openDriver({ target, driver }) {
  if (driver.startsWith('pg-boss')) {
    const { pgBossDriver } = await import('./pg-boss.mjs');
    return pgBossDriver(target, { jobsPerCall: Number(driver.split('-x')[1]) });
  }
  if (driver.startsWith('graphile')) {
    const { graphileDriver } = await import('./graphile-worker.mjs');
    return graphileDriver(target, { batched: driver.endsWith('batched') });
  }
  const targets = [target].flat();
  const bare = oneOfMany(targets.map((one) => bareClient(one, CONNECTIONS)));
  if (driver === 'bare') {
    return {
      createBatch: bare.createBatch,
      createOne: bare.createOne,
      drain: (task) => drainBare(bare, { ...task, jobsPerCall: JOBS_PER_CALL }),
      idle: (task) => idleBare(bare, { ...task, gap }),
      pulls: (task) => pullsBare(bare, task),
      operate: (task) => operateBare(bare, task),
      close: bare.close,
    };
  }
  const { sdkDriver } = await import('./sdk.mjs');
  const sdk = sdkDriver(targets, { concurrency: JOBS_PER_CALL, gap });
  // The stock that a drain starts from is always made by the bare client: it is not what is measured.
  return { createBatch: bare.createBatch, ...sdk, close: () => Promise.all([sdk.close(), bare.close()]) };
}

const TASKS = {
  stock: (driver, task) => createInBatches(driver.createBatch, task),
  createBatch: (driver, task) => createInBatches(driver.createBatch, task),
  createOne: (driver, task) => createOneByOne(driver.createOne, task),
  drain: (driver, task) => driver.drain(task),
  idle: (driver, task) => driver.idle(task),
  pulls: (driver, task) => driver.pulls(task),
  operate: (driver, task) => driver.operate(task),
};

let driver;
process.on('message', async ({ id, open, task }) => {
  try {
    if (open) driver = await openDriver(open);
    const value = open ? null : await TASKS[task.name](driver, task);
    process.send({ id, value, cpuMicros: process.cpuUsage() });
  } catch (error) {
    process.send({ id, error: error.stack ?? String(error) });
  }
});
process.once('disconnect', () => process.exit(0)); // the harness is gone: so are its clients
