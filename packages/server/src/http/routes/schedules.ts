import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { withIdempotencyKey } from '../idempotency-key.js';
import { pageFields, pageQuery } from '../query.js';
import { json, type Route, route } from '../route.js';
import { name, optional, page } from '../schemas/common.js';
import { pipelineCreated } from '../schemas/pipeline-answers.js';
import { schedule, scheduleFiring, scheduleSpec, triggerSchedule } from '../schemas/triggers.js';

const TAG = 'Schedules';
const NOTHING = z.strictObject({});
const AFTER = { 200: { description: 'The schedule after it.', schema: schedule } };

function collection({ useCases: { schedules }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'createSchedule',
      summary: 'Create a schedule',
      tag: TAG,
      method: 'POST',
      path: ROUTES.schedules,
      access: 'operate',
      body: { schema: scheduleSpec, size: 'single' },
      answers: { 201: { description: 'Created; it counts from now.', schema: schedule } },
      errors: ['invalid_pipeline', 'state_conflict'],
      async handle({ caller, body }) {
        const made = await schedules.create(caller, body);
        return json(201, made, { location: `schedules/${made.id}` });
      },
    }),
    route({
      operationId: 'listSchedules',
      summary: 'List schedules, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.schedules,
      access: 'read',
      query: z.strictObject({ name: optional(name()), ...pageFields(limits) }),
      answers: { 200: { description: 'One page.', schema: page(schedule) } },
      handle: async ({ caller, query }) => json(200, await schedules.list(caller, query)),
    }),
  ];
}

function single({ useCases: { schedules }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'getSchedule',
      summary: 'Get a schedule',
      tag: TAG,
      method: 'GET',
      path: ROUTES.schedule,
      access: 'read',
      answers: { 200: { description: 'The schedule.', schema: schedule } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await schedules.get(caller, id)),
    }),
    route({
      operationId: 'replaceSchedule',
      summary: 'Replace a schedule',
      tag: TAG,
      method: 'PUT',
      path: ROUTES.schedule,
      access: 'operate',
      body: { schema: scheduleSpec, size: 'single' },
      answers: AFTER,
      errors: ['invalid_pipeline', 'not_found', 'state_conflict'],
      handle: async ({ caller, id, body }) => json(200, await schedules.replace(caller, id, body)),
    }),
    route({
      operationId: 'deleteSchedule',
      summary: 'Delete a schedule; its pipelines stay',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.schedule,
      access: 'operate',
      answers: { 204: { description: 'It is gone.' } },
      errors: ['not_found'],
      async handle({ caller, id }) {
        await schedules.remove(caller, id);
        return { status: 204 };
      },
    }),
    route({
      operationId: 'listScheduleFirings',
      summary: 'The pipelines of a schedule, by fire time, latest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.scheduleFirings,
      access: 'read',
      query: pageQuery(limits),
      answers: { 200: { description: 'One page.', schema: page(scheduleFiring) } },
      errors: ['not_found'],
      handle: async ({ caller, id, query }) => json(200, await schedules.firings(caller, id, query)),
    }),
  ];
}

function actions({ useCases: { schedules } }: HttpDeps): Route[] {
  const common = { tag: TAG, method: 'POST', access: 'operate', errors: ['not_found'] } as const;
  return [
    route({
      ...common,
      operationId: 'pauseSchedule',
      summary: 'Fire no more until it is resumed',
      path: ROUTES.schedulePause,
      body: { schema: NOTHING, size: 'single', mayBeEmpty: true },
      answers: AFTER,
      handle: async ({ caller, id }) => json(200, await schedules.pause(caller, id)),
    }),
    route({
      ...common,
      operationId: 'resumeSchedule',
      summary: 'Fire again, from now on',
      path: ROUTES.scheduleResume,
      body: { schema: NOTHING, size: 'single', mayBeEmpty: true },
      answers: AFTER,
      handle: async ({ caller, id }) => json(200, await schedules.resume(caller, id)),
    }),
    route({
      ...common,
      operationId: 'triggerSchedule',
      summary: 'Create a pipeline from it now, paused or not',
      path: ROUTES.scheduleTrigger,
      body: { schema: triggerSchedule, size: 'single', mayBeEmpty: true },
      headers: { 'Idempotency-Key': 'Same as the field idempotencyKey.' },
      answers: {
        201: { description: 'Created.', schema: pipelineCreated },
        200: { description: 'The pipeline that an earlier request with the same idempotency key made.', schema: pipelineCreated },
      },
      errors: ['not_found', 'invalid_pipeline', 'idempotency_conflict', 'idempotency_mismatch'],
      async handle({ caller, id, body, headers, check }) {
        const request = withIdempotencyKey(body, headers, (keyed) => check(triggerSchedule, keyed, ''));
        const created = await schedules.trigger(caller, id, request);
        return json(created.created ? 201 : 200, created);
      },
    }),
  ];
}

export const scheduleRoutes = (deps: HttpDeps): Route[] => [...collection(deps), ...single(deps), ...actions(deps)];
