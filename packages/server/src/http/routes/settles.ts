import type { z } from '@hono/zod-openapi';
import { ROUTES, type SettleBatch, type SettleResponse } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { json, type Route, route } from '../route.js';
import { settleResponse } from '../schemas/answers.js';
import { ackRequest, nackRequest, releaseRequest } from '../schemas/jobs.js';

interface SettleKind<Body> {
  operationId: string;
  summary: string;
  path: string;
  schema: z.ZodType<Body>;
  batchOf(body: Body): SettleBatch;
}

function settle<Body extends { workerId: string }>({ useCases }: HttpDeps, kind: SettleKind<Body>): Route {
  return route<'worker', Body>({
    operationId: kind.operationId,
    summary: kind.summary,
    tag: 'Jobs',
    method: 'POST',
    path: kind.path,
    access: 'worker',
    body: { schema: kind.schema, size: 'batch' },
    answers: {
      200: { description: 'One result per job, in order; a lost lease refuses its own job only.', schema: settleResponse },
    },
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    async handle({ caller, body }) {
      return json(200, { settled: await useCases.jobs.settle(caller, kind.batchOf(body)) } satisfies SettleResponse);
    },
  });
}

export const settleRoutes = (deps: HttpDeps): Route[] => [
  settle(deps, {
    operationId: 'ackJobs',
    summary: 'Complete jobs',
    path: ROUTES.jobsAck,
    schema: ackRequest,
    batchOf: ({ acks }) => ({ acks }),
  }),
  settle(deps, {
    operationId: 'nackJobs',
    summary: 'Fail jobs; they are retried while attempts are left',
    path: ROUTES.jobsNack,
    schema: nackRequest,
    batchOf: ({ nacks }) => ({ nacks }),
  }),
  settle(deps, {
    operationId: 'releaseJobs',
    summary: 'Give jobs back without spending an attempt',
    path: ROUTES.jobsRelease,
    schema: releaseRequest,
    batchOf: ({ releases }) => ({ releases }),
  }),
];
