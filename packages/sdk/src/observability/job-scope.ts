import { AsyncLocalStorage } from 'node:async_hooks';
import type { Middleware } from '../worker/middleware.js';
import type { JobInfo, Worker } from '../worker/worker.js';

/** Which job the code that runs belongs to. */
export interface JobScope {
  job: Omit<JobInfo, 'fencingToken'>;
  worker: string;
  workerId: string | undefined;
}

const scope = new AsyncLocalStorage<JobScope>();

export const currentJob = (): JobScope | undefined => scope.getStore();

/** Runs handlers in the scope of their job, so that every log line below can name it. */
export const jobScope =
  (worker: Worker): Middleware =>
  (job, next) => {
    const { name, workerId } = worker.snapshot();
    const { id, pipelineId, pipelineName, stage, handler, attempt } = job;
    return scope.run({ job: { id, pipelineId, pipelineName, stage, handler, attempt }, worker: name, workerId }, next);
  };
