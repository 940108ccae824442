import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { withIdempotencyKey } from '../idempotency-key.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import {
  appendStages,
  auditEvent,
  auditFilterFields,
  bulkAction,
  createBulkAction,
  replayErrors,
  rerunPipeline,
  rerunStage,
  stagesAppended,
} from '../schemas/actions.js';
import { page } from '../schemas/common.js';
import { pipeline, stage } from '../schemas/pipeline-answers.js';
import { cancelPipeline } from '../schemas/pipelines.js';

const PIPELINE_AFTER = { 200: { description: 'The pipeline after it.', schema: pipeline } };
const STAGE_AFTER = { 200: { description: 'The stage after it.', schema: stage } };
const REFUSALS = ['not_found', 'state_conflict'] as const;
const NOTHING = z.strictObject({});
const operates = { method: 'POST', access: 'operate', errors: REFUSALS } as const;

function pipelineActions({ useCases: { operator } }: HttpDeps): Route[] {
  const common = { ...operates, tag: 'Pipelines', answers: PIPELINE_AFTER } as const;
  return [
    route({
      ...common,
      operationId: 'cancelPipeline',
      summary: 'Cancel a pipeline',
      path: ROUTES.pipelineCancel,
      body: { schema: cancelPipeline, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id, body }) => json(200, await operator.cancel(caller, id, body)),
    }),
    route({
      ...common,
      operationId: 'pausePipeline',
      summary: 'Lease nothing more of a pipeline',
      path: ROUTES.pipelinePause,
      body: { schema: NOTHING, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id }) => json(200, await operator.pause(caller, id)),
    }),
    route({
      ...common,
      operationId: 'resumePipeline',
      summary: 'Go on with a paused pipeline',
      path: ROUTES.pipelineResume,
      body: { schema: NOTHING, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id }) => json(200, await operator.resume(caller, id)),
    }),
    route({
      ...common,
      operationId: 'rerunPipeline',
      summary: 'Run a pipeline again, from its start or from what failed',
      path: ROUTES.pipelineRerun,
      body: { schema: rerunPipeline, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id, body }) => json(200, await operator.rerun(caller, id, body)),
    }),
  ];
}

function append({ useCases: { operator } }: HttpDeps): Route {
  return route({
    operationId: 'appendStages',
    summary: 'Add stages to a pipeline that has not ended',
    tag: 'Pipelines',
    method: 'POST',
    path: ROUTES.pipelineStages,
    access: 'operate',
    body: { schema: appendStages, size: 'single' },
    headers: { 'Idempotency-Key': 'Same as the field idempotencyKey.' },
    answers: {
      201: { description: 'The new stages.', schema: stagesAppended },
      200: { description: 'What an earlier request with the same idempotency key added.', schema: stagesAppended },
    },
    errors: ['not_found', 'state_conflict', 'invalid_pipeline', 'idempotency_conflict', 'idempotency_mismatch'],
    async handle({ caller, id, body, headers, check }) {
      const request = withIdempotencyKey(body, headers, (keyed) => check(appendStages, keyed, ''));
      const appended = await operator.append(caller, id, request);
      return json(appended.created ? 201 : 200, appended);
    },
  });
}

function stageActions({ useCases: { operator } }: HttpDeps): Route[] {
  const common = { ...operates, tag: 'Stages', answers: STAGE_AFTER } as const;
  return [
    route({
      ...common,
      operationId: 'rerunStage',
      summary: 'Run a stage again, alone or with all that follow',
      path: ROUTES.stageRerun,
      body: { schema: rerunStage, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id, body }) => json(200, await operator.rerunStage(caller, id, body)),
    }),
    route({
      ...common,
      operationId: 'skipStage',
      summary: 'Count a stage as done without running it',
      path: ROUTES.stageSkip,
      body: { schema: NOTHING, size: 'single', mayBeEmpty: true },
      handle: async ({ caller, id }) => json(200, await operator.skipStage(caller, id)),
    }),
  ];
}

function bulkActions({ useCases: { operator } }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'actOnPipelines',
      summary: 'Act on all pipelines that match a filter, or count them',
      tag: 'Pipelines',
      method: 'POST',
      path: ROUTES.pipelinesActions,
      access: 'operate',
      body: { schema: createBulkAction, size: 'single' },
      answers: {
        200: { description: 'A dry run: how many match.', schema: bulkAction },
        202: { description: 'Begun; it is done in chunks behind other work.', schema: bulkAction },
      },
      async handle({ caller, body }) {
        const action = await operator.bulk(caller, body);
        return action.id === undefined ? json(200, action) : json(202, action, { location: `actions/${action.id}` });
      },
    }),
    route({
      operationId: 'getPipelinesAction',
      summary: 'How far an action on many pipelines has come',
      tag: 'Pipelines',
      method: 'GET',
      path: ROUTES.pipelinesAction,
      access: 'operate',
      answers: { 200: { description: 'The action.', schema: bulkAction } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await operator.getBulk(caller, id)),
    }),
  ];
}

function replay({ useCases: { operator } }: HttpDeps): Route {
  return route({
    operationId: 'replayErrors',
    summary: 'Run the stages of a group of errors again',
    tag: 'Insights',
    method: 'POST',
    path: ROUTES.errorsReplay,
    access: 'operate',
    body: { schema: replayErrors, size: 'single', mayBeEmpty: true },
    answers: {
      200: { description: 'Of a dry run: how many it is about.', schema: bulkAction },
      202: { description: 'Begun; its id tells how far it is.', schema: bulkAction },
    },
    errors: ['not_found'],
    async handle({ caller, id, body }) {
      const action = await operator.replayErrors(caller, id, body);
      return action.id === undefined
        ? json(200, action)
        : json(202, action, { location: `../../../pipelines/actions/${action.id}` });
    },
  });
}

function auditTrail({ useCases: { operator }, limits }: HttpDeps): Route {
  return route({
    operationId: 'listAuditEvents',
    summary: 'Who did what, newest first',
    tag: 'Accounts',
    method: 'GET',
    path: ROUTES.auditEvents,
    access: 'admin',
    query: z.strictObject({ ...auditFilterFields, ...pageFields(limits) }),
    answers: { 200: { description: 'One page.', schema: page(auditEvent) } },
    handle: async ({ caller, query }) => json(200, await operator.auditEvents(caller, query)),
  });
}

export const operatorRoutes = (deps: HttpDeps): Route[] => [
  ...pipelineActions(deps),
  append(deps),
  ...bulkActions(deps),
  ...stageActions(deps),
  replay(deps),
  auditTrail(deps),
];
