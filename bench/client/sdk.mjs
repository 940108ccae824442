// What a user's service does: the SDK as it is published, a worker with a handler that answers at once.
import { once } from 'node:events';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { pipelineOf } from './load.mjs';

/** @param {{ url: string, apiKey?: string }[]} targets replicas of one server: a drain has a worker at each, all else goes to the first */
export function sdkDriver(targets, { concurrency, gap }) {
  const clients = targets.map((target) => new Pipelogiq({ apiKey: 'unused-by-the-reference', ...target }));
  const [pipelogiq] = clients;
  return {
    async createBatch(pipelines) {
      const results = await pipelogiq.pipelines.createMany(pipelines);
      const refused = results.find((result) => result.error);
      if (refused) throw new Error(`a pipeline was refused: ${JSON.stringify(refused)}`);
    },
    createOne: (pipeline) => pipelogiq.pipelines.create(pipeline),
    drain: (task) => drain(clients, { ...task, concurrency }),
    idle: (task) => idle(pipelogiq, { ...task, concurrency, gap }),
    close: () => Promise.all(clients.map((client) => client.close())),
  };
}

/** Milliseconds from the moment that the workers are registered to the server's answer for the last job. */
async function drain(clients, { handlers: [handler], count, concurrency }) {
  const handlers = [defineHandler(handler, {}, () => ({ ok: true }))];
  const workers = clients.map((client) => client.worker({ handlers, concurrency, signals: false }));
  const failures = workers.map((worker) => failuresOf(worker, workers));
  let completed = 0;
  let ended;
  for (const worker of workers) {
    worker.on('job_completed', () => {
      if (++completed < count) return;
      ended = performance.now();
      for (const each of workers) each.stop();
    });
  }
  const runs = workers.map((worker) => worker.run());
  await Promise.all(workers.map((worker, index) => Promise.race([once(worker, 'started'), runs[index]])));
  const started = performance.now();
  await Promise.all(runs);
  const [failure] = failures.flat();
  if (failure) throw failure;
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
function failuresOf(worker, together = [worker]) {
  const failures = [];
  const failed = (what) => (detail) => {
    failures.push(detail instanceof Error ? detail : new Error(`${what}: ${JSON.stringify(detail)}`));
    for (const each of together) each.stop();
  };
  for (const event of ['error', 'job_failed', 'lease_lost', 'disconnected']) worker.on(event, failed(event));
  return failures;
}
