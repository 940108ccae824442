// The client process: one driver against one server, told over IPC what to do. It is a process of its own so that the client's
// work never runs on the server's thread nor on the harness's.
import { setTimeout as sleep } from 'node:timers/promises';
import { bareClient, drainBare, idleBare } from './bare.mjs';
import { createInBatches, createOneByOne } from './load.mjs';

const CONNECTIONS = 64;
const JOBS_PER_CALL = 64;

/** 4 to 8 ms, so that creates do not fall into step with any timer of the server. */
const gap = () => sleep(4 + Math.random() * 4);

async function openDriver({ target, driver }) {
  const bare = bareClient(target, CONNECTIONS);
  if (driver === 'bare') {
    return {
      createBatch: bare.createBatch,
      createOne: bare.createOne,
      drain: (task) => drainBare(bare, { ...task, jobsPerCall: JOBS_PER_CALL }),
      idle: (task) => idleBare(bare, { ...task, gap }),
      close: bare.close,
    };
  }
  const { sdkDriver } = await import('./sdk.mjs');
  const sdk = sdkDriver(target, { concurrency: JOBS_PER_CALL, gap });
  // The stock that a drain starts from is always made by the bare client: it is not what is measured.
  return { createBatch: bare.createBatch, ...sdk, close: () => Promise.all([sdk.close(), bare.close()]) };
}

const TASKS = {
  stock: (driver, task) => createInBatches(driver.createBatch, task),
  createBatch: (driver, task) => createInBatches(driver.createBatch, task),
  createOne: (driver, task) => createOneByOne(driver.createOne, task),
  drain: (driver, task) => driver.drain(task),
  idle: (driver, task) => driver.idle(task),
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
