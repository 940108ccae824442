import { type PullRequest, ROUTES, type SettleBatch } from '@pipelogiq/protocol';
import type { WorkerPrincipal } from '../../domain/use-cases.js';
import type { HttpDeps } from '../deps.js';
import { encodePayload, encodePulled } from '../encode-job.js';
import { type Call, json, jsonText, type Reply, type Route, route } from '../route.js';
import { jobPayloadPage, logsResponse, progressResponse, pullResponse } from '../schemas/answers.js';
import { logsRequest, payloadQuery, progressRequest, pullRequest } from '../schemas/jobs.js';
import { shuttingDown } from '../serve-route.js';

const carriesSettles = ({ acks, nacks, releases }: SettleBatch = {}) =>
  (acks?.length ?? 0) + (nacks?.length ?? 0) + (releases?.length ?? 0) > 0;

/** While the server shuts down a pull leases nothing, but what it settles still counts. */
async function pullWhileStopping({ useCases }: HttpDeps, caller: WorkerPrincipal, { settle }: PullRequest): Promise<Reply> {
  if (!settle || !carriesSettles(settle)) throw shuttingDown();
  return jsonText(200, encodePulled({ jobs: [], settled: await useCases.jobs.settle(caller, settle) }));
}

function pull(deps: HttpDeps): Route {
  return route({
    operationId: 'pullJobs',
    summary: 'Lease jobs, and settle earlier ones in the same call',
    tag: 'Jobs',
    method: 'POST',
    path: ROUTES.jobsPull,
    access: 'worker',
    body: { schema: pullRequest, size: 'batch' },
    answers: {
      200: { description: 'Leased jobs, and the settle results in the order acks, nacks, releases.', schema: pullResponse },
    },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    async handle({ caller, body, signal }: Call<WorkerPrincipal, PullRequest, undefined>) {
      if (deps.isShuttingDown()) return pullWhileStopping(deps, caller, body);
      return jsonText(200, encodePulled(await deps.useCases.jobs.pull(caller, body, signal())));
    },
  });
}

function progress({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'reportProgress',
    summary: 'Report progress and write context of running jobs',
    tag: 'Jobs',
    method: 'POST',
    path: ROUTES.jobsProgress,
    access: 'worker',
    body: { schema: progressRequest, size: 'batch' },
    answers: { 200: { description: 'One result per report, in order.', schema: progressResponse } },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    handle: async ({ caller, body }) => json(200, await useCases.jobs.progress(caller, body)),
  });
}

function logs({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'writeLogs',
    summary: 'Write log lines of running jobs',
    tag: 'Jobs',
    method: 'POST',
    path: ROUTES.logs,
    access: 'worker',
    body: { schema: logsRequest, size: 'batch' },
    answers: { 200: { description: 'How many lines were stored.', schema: logsResponse } },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    handle: async ({ caller, body }) => json(200, await useCases.jobs.log(caller, body)),
  });
}

function payload({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'getJobPayload',
    summary: 'Outputs and context of a job that travel by reference',
    tag: 'Jobs',
    method: 'GET',
    path: ROUTES.jobPayload,
    access: 'worker',
    query: payloadQuery,
    answers: { 200: { description: 'One page.', schema: jobPayloadPage } },
    errors: ['not_found', 'lease_lost'],
    workerIdOf: ({ query }) => query.workerId,
    handle: async ({ caller, id, query }) =>
      jsonText(200, encodePayload(await useCases.jobs.payload(caller, id, query.fencingToken, query.cursor))),
  });
}

export const jobRoutes = (deps: HttpDeps): Route[] => [pull(deps), progress(deps), logs(deps), payload(deps)];
