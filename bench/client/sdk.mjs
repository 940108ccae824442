// What a user's service does: the SDK as it is published, a worker with a handler that answers at once.
import { once } from 'node:events';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { pipelineOf } from './load.mjs';

/** @param {{ url: string, apiKey: string }} target */
export function sdkDriver(target, { concurrency, gap }) {
  const pipelogiq = new Pipelogiq(target);
  return {
    async createBatch(pipelines) {
      const results = await pipelogiq.pipelines.createMany(pipelines);
      const refused = results.find((result) => result.error);
      if (refused) throw new Error(`a pipeline was refused: ${JSON.stringify(refused)}`);
    },
    createOne: (pipeline) => pipelogiq.pipelines.create(pipeline),
    drain: (task) => drain(pipelogiq, { ...task, concurrency }),
    idle: (task) => idle(pipelogiq, { ...task, concurrency, gap }),
    close: () => pipelogiq.close(),
  };
}

/** Milliseconds from the moment that the worker is registered to the server's answer for the last job. */
async function drain(pipelogiq, { handlers: [handler], count, concurrency }) {
  const worker = pipelogiq.worker({ handlers: [defineHandler(handler, {}, () => ({ ok: true }))], concurrency, signals: false });
  const failures = failuresOf(worker);
  let completed = 0;
  let ended;
  worker.on('job_completed', () => {
    if (++completed < count) return;
    ended = performance.now();
    worker.stop();
  });
  const run = worker.run();
  await Promise.race([once(worker, 'started'), run]);
  const started = performance.now();
  await run;
  if (failures.length > 0) throw failures[0];
  if (completed !== count) throw new Error(`completed ${completed} jobs, ${count} were created`);
  return ended - started;
}

/** Milliseconds from `create` to the first line of the handler, one pipeline at a time. */
async function idle(pipelogiq, { handler, count, concurrency, gap }) {
  let arrived;
  const handlers = [defineHandler(handler, {}, () => arrived(performance.now()))];
  const worker = pipelogiq.worker({ handlers, concurrency, signals: false });
  const failures = failuresOf(worker);
  const run = worker.run();
  await Promise.race([once(worker, 'started'), run]);
  const samples = [];
  for (let n = 0; n < count; n++) {
    await gap(); // the worker is back in its long poll, the server is at rest
    const arrival = new Promise((resolve) => {
      arrived = resolve;
    });
    const started = performance.now();
    await pipelogiq.pipelines.create(pipelineOf(handler, n));
    samples.push((await arrival) - started);
  }
  worker.stop();
  await run;
  if (failures.length > 0) throw failures[0];
  return samples;
}

/** A figure with a failed job or a lost lease in it is no figure. */
function failuresOf(worker) {
  const failures = [];
  const failed = (what) => (detail) => {
    failures.push(detail instanceof Error ? detail : new Error(`${what}: ${JSON.stringify(detail)}`));
    worker.stop();
  };
  for (const event of ['error', 'job_failed', 'lease_lost', 'disconnected']) worker.on(event, failed(event));
  return failures;
}
