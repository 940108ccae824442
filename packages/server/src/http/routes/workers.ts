import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageQuery } from '../query.js';
import { json, type Route, route } from '../route.js';
import { heartbeatReply, worker, workerHappening, workerJob, workerSession } from '../schemas/answers.js';
import { page } from '../schemas/common.js';
import { heartbeat, workerBootstrap, workerShutdown } from '../schemas/workers.js';

const nothing = z.strictObject({});

function bootstrap({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'bootstrapWorker',
    summary: 'Announce a worker and open its session',
    tag: 'Workers',
    method: 'POST',
    path: ROUTES.workersBootstrap,
    access: 'work',
    body: { schema: workerBootstrap, size: 'single' },
    answers: { 200: { description: 'The session. Later calls send its token as x-worker-session.', schema: workerSession } },
    handle: async ({ caller, body }) => json(200, await useCases.workers.bootstrap(caller, body)),
  });
}

function beat({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'sendHeartbeat',
    summary: 'Extend leases and ask for orders',
    tag: 'Workers',
    method: 'POST',
    path: ROUTES.workersHeartbeat,
    access: 'worker',
    body: { schema: heartbeat, size: 'batch' },
    answers: { 200: { description: 'The order, the extended and the lost jobs.', schema: heartbeatReply } },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    handle: async ({ caller, body }) => json(200, await useCases.workers.heartbeat(caller, body)),
  });
}

function shutdown({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'shutDownWorker',
    summary: 'Say that a worker has stopped',
    tag: 'Workers',
    method: 'POST',
    path: ROUTES.workersShutdown,
    access: 'worker',
    body: { schema: workerShutdown, size: 'single' },
    answers: { 204: { description: 'Noted.' } },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    async handle({ caller, body }) {
      await useCases.workers.shutdown(caller, body);
      return { status: 204 };
    },
  });
}

function list({ useCases, limits }: HttpDeps): Route {
  return route({
    operationId: 'listWorkers',
    summary: 'List workers, newest first',
    tag: 'Workers',
    method: 'GET',
    path: ROUTES.workers,
    access: 'read',
    query: pageQuery(limits),
    answers: { 200: { description: 'One page.', schema: page(worker) } },
    handle: async ({ caller, query }) => json(200, await useCases.workers.list(caller, query)),
  });
}

function get({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'getWorker',
    summary: 'Get a worker',
    tag: 'Workers',
    method: 'GET',
    path: ROUTES.worker,
    access: 'read',
    answers: { 200: { description: 'The worker.', schema: worker } },
    errors: ['not_found'],
    handle: async ({ caller, id }) => json(200, await useCases.workers.get(caller, id)),
  });
}

function jobs({ useCases, limits }: HttpDeps): Route {
  return route({
    operationId: 'listWorkerJobs',
    summary: 'List the jobs that a worker holds, newest first',
    tag: 'Workers',
    method: 'GET',
    path: ROUTES.workerJobs,
    access: 'read',
    query: pageQuery(limits),
    answers: { 200: { description: 'One page.', schema: page(workerJob) } },
    errors: ['not_found'],
    handle: async ({ caller, id, query }) => json(200, await useCases.workers.jobs(caller, id, query)),
  });
}

function events({ useCases, limits }: HttpDeps): Route {
  return route({
    operationId: 'listWorkerEvents',
    summary: 'List what a worker did, newest first, as far as events are kept',
    tag: 'Workers',
    method: 'GET',
    path: ROUTES.workerEvents,
    access: 'read',
    query: pageQuery(limits),
    answers: {
      200: { description: 'One page; it may be short of items and have another behind it.', schema: page(workerHappening) },
    },
    errors: ['not_found'],
    handle: async ({ caller, id, query }) => json(200, await useCases.workers.events(caller, id, query)),
  });
}

function drain({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'drainWorker',
    summary: 'Have a worker finish its jobs and take no more',
    tag: 'Workers',
    method: 'POST',
    path: ROUTES.workerDrain,
    access: 'operate',
    body: { schema: nothing, size: 'single', mayBeEmpty: true },
    answers: { 200: { description: 'The worker after it.', schema: worker } },
    errors: ['not_found'],
    handle: async ({ caller, id }) => json(200, await useCases.workers.drain(caller, id)),
  });
}

export const workerRoutes = (deps: HttpDeps): Route[] => [
  bootstrap(deps),
  beat(deps),
  shutdown(deps),
  list(deps),
  get(deps),
  jobs(deps),
  events(deps),
  drain(deps),
];
