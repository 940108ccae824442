import { z } from '@hono/zod-openapi';
import { LIMITS, type Page, ROUTES } from '@pipelogiq/protocol';
import type { PageQuery, Principal } from '../../domain/use-cases.js';
import type { HttpDeps } from '../deps.js';
import { pageQuery } from '../query.js';
import { json, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { attempt, contextItem, pipeline, pipelineTrace, pipelineWaited, stage, stageLog } from '../schemas/pipeline-answers.js';

interface PagedView<Item> {
  operationId: string;
  summary: string;
  path: string;
  item: z.ZodType<Item>;
  read(caller: Principal, id: string, query: PageQuery): Promise<Page<Item>>;
}

/** A list that belongs to one pipeline. */
function pagedView<Item>({ limits }: HttpDeps, { operationId, summary, path, item, read }: PagedView<Item>): Route {
  return route({
    operationId,
    summary,
    tag: 'Pipelines',
    method: 'GET',
    path,
    access: 'read',
    query: pageQuery(limits),
    answers: { 200: { description: 'One page.', schema: page(item) } },
    errors: ['not_found'],
    handle: async ({ caller, id, query }) => json(200, await read(caller, id, query)),
  });
}

function get({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'getPipeline',
    summary: 'Get a pipeline',
    tag: 'Pipelines',
    method: 'GET',
    path: ROUTES.pipeline,
    access: 'read',
    answers: { 200: { description: 'The pipeline.', schema: pipeline } },
    errors: ['not_found'],
    handle: async ({ caller, id }) => json(200, await useCases.pipelines.get(caller, id)),
  });
}

function trace({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'getPipelineTrace',
    summary: 'Waterfall of a pipeline',
    tag: 'Pipelines',
    method: 'GET',
    path: ROUTES.pipelineTrace,
    access: 'read',
    answers: { 200: { description: 'Stages and attempts with their times.', schema: pipelineTrace } },
    errors: ['not_found'],
    handle: async ({ caller, id }) => json(200, await useCases.pipelines.trace(caller, id)),
  });
}

const waitQuery = z.strictObject({ timeoutMs: z.int().min(0).max(LIMITS.waitMs).default(LIMITS.waitMs) });

function wait({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'waitForPipeline',
    summary: 'Wait until a pipeline is final',
    tag: 'Pipelines',
    method: 'GET',
    path: ROUTES.pipelineWait,
    access: 'read',
    query: waitQuery,
    answers: { 200: { description: 'The pipeline, final or as it was when the time ran out.', schema: pipelineWaited } },
    errors: ['not_found'],
    handle: async ({ caller, id, query, signal }) =>
      json(200, await useCases.pipelines.wait(caller, id, query.timeoutMs, signal())),
  });
}

export function pipelineViewRoutes(deps: HttpDeps): Route[] {
  const { pipelines } = deps.useCases;
  return [
    get(deps),
    pagedView(deps, {
      operationId: 'listStages',
      summary: 'Stages of a pipeline',
      path: ROUTES.pipelineStages,
      item: stage,
      read: (caller, id, query) => pipelines.stages(caller, id, query),
    }),
    pagedView(deps, {
      operationId: 'listContext',
      summary: 'Context items of a pipeline',
      path: ROUTES.pipelineContext,
      item: contextItem,
      read: (caller, id, query) => pipelines.context(caller, id, query),
    }),
    pagedView(deps, {
      operationId: 'listAttempts',
      summary: 'Deliveries of the stages of a pipeline',
      path: ROUTES.pipelineAttempts,
      item: attempt,
      read: (caller, id, query) => pipelines.attempts(caller, id, query),
    }),
    pagedView(deps, {
      operationId: 'listLogs',
      summary: 'Log lines of a pipeline',
      path: ROUTES.pipelineLogs,
      item: stageLog,
      read: (caller, id, query) => pipelines.logs(caller, id, query),
    }),
    trace(deps),
    wait(deps),
  ];
}
