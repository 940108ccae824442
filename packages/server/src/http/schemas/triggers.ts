import { z } from '@hono/zod-openapi';
import { HOOK_AUTHS, LIMITS, MISSED_RUNS, SCHEDULE_STATUSES } from '@pipelogiq/protocol';
import { count, durationMs, id, jsonMap, name, optional, pathName, time } from './common.js';
import { createPipeline } from './pipelines.js';

const CRON_LENGTH = 500;
const ZONE_LENGTH = 100;
const SECRET_LENGTH = 200;

export const pipelineTemplate = createPipeline
  .omit({ idempotencyKey: true, trigger: true, runAt: true, traceparent: true, tracestate: true })
  .openapi('PipelineTemplate', { example: { name: 'report', stages: [{ name: 'build' }, { name: 'send' }] } });

const scheduleFields = {
  name: name(),
  cron: name(CRON_LENGTH),
  timeZone: optional(name(ZONE_LENGTH)),
  missedRuns: optional(z.enum(MISSED_RUNS)),
  graceMs: optional(durationMs()),
  template: pipelineTemplate,
};

export const scheduleSpec = z.strictObject(scheduleFields).openapi('ScheduleSpec', {
  example: {
    name: 'nightly report',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    template: { name: 'report', stages: [{ name: 'build' }, { name: 'send' }] },
  },
});

export const triggerSchedule = z
  .strictObject({ idempotencyKey: optional(name(LIMITS.idempotencyKeyLength)) })
  .openapi('TriggerSchedule', { example: { idempotencyKey: 'tuesday' } });

export const schedule = z
  .object({
    ...scheduleFields,
    timeZone: z.string(),
    missedRuns: z.enum(MISSED_RUNS),
    graceMs: count,
    id,
    application: z.string(),
    status: z.enum(SCHEDULE_STATUSES),
    nextFireAt: optional(time),
    lastFireAt: optional(time),
    lastPipelineId: optional(id),
    missed: count,
    lastError: optional(z.string()),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('Schedule');

export const scheduleFiring = z.object({ fireAt: time, pipelineId: id }).openapi('ScheduleFiring');

const credentials = z
  .strictObject({
    type: z.enum(HOOK_AUTHS),
    secrets: optional(z.array(z.string().max(SECRET_LENGTH)).min(1).max(LIMITS.secretsPerHook)),
  })
  .openapi('HookCredentials', { example: { type: 'signature' } });

const hookFields = {
  template: jsonMap,
  deliveryId: optional(name(SECRET_LENGTH)),
  auth: optional(credentials),
};

export const hookSpec = z
  .strictObject(hookFields)
  .openapi('HookSpec', { example: { template: { name: 'order', stages: [{ name: 'charge', input: '{{ body.order }}' }] } } });
export const createHook = z.strictObject({ name: pathName, ...hookFields }).openapi('CreateHook', {
  example: {
    name: 'orders',
    template: { name: 'order', stages: [{ name: 'charge', input: '{{ body.order }}' }] },
    deliveryId: '{{ body.id }}',
  },
});

/** What a template is once it is filled in. */
export const hookPipeline = createPipeline.omit({ trigger: true });

const hookAnswer = {
  id,
  name: z.string(),
  application: z.string(),
  auth: z.enum(HOOK_AUTHS),
  template: jsonMap,
  deliveryId: optional(z.string()),
  createdAt: time,
  updatedAt: time,
};
export const hook = z.object(hookAnswer).openapi('Hook');
export const hookSaved = z
  .object({ ...hookAnswer, token: optional(z.string()), secret: optional(z.string()) })
  .openapi('HookSaved');
