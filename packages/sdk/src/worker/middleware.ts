import type { Job } from '../job.js';

/**
 * Wraps every handler of a worker. `next` runs the rest and returns what the handler returned; what the middleware
 * returns or throws counts instead.
 *
 * @example
 * worker.use(async (job, next) => {
 *   const startedAt = performance.now();
 *   try { return await next(); } finally { histogram.observe({ handler: job.handler }, performance.now() - startedAt); }
 * });
 */
export type Middleware = (job: Job, next: () => Promise<unknown>) => Promise<unknown>;

/** Runs `handler` inside all of `middleware`, the first one outermost. */
export async function throughMiddleware(
  middleware: readonly Middleware[],
  job: Job,
  handler: () => unknown,
  index = 0,
): Promise<unknown> {
  const wrap = middleware[index];
  if (!wrap) return handler();
  return wrap(job, () => throughMiddleware(middleware, job, handler, index + 1));
}
