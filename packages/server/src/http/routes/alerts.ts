import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import { alertDelivery, alertDeliveryFilter, incident, incidentFilter, silence, silenceSpec } from '../schemas/alerts.js';
import { page } from '../schemas/common.js';
import { alertSettingRoutes } from './alert-settings.js';

const TAG = 'Alerts';

export const alertRoutes = (deps: HttpDeps): Route[] => [
  ...alertSettingRoutes(deps),
  ...incidentRoutes(deps),
  ...silences(deps),
  ...deliveries(deps),
];

function incidentRoutes({ useCases: { incidents }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listIncidents',
      summary: 'List incidents, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertIncidents,
      access: 'read',
      query: z.strictObject({ ...incidentFilter.shape, ...pageFields(limits) }),
      answers: { 200: { description: 'One page.', schema: page(incident) } },
      handle: async ({ caller, query }) => json(200, await incidents.incidents(caller, query)),
    }),
    route({
      operationId: 'getIncident',
      summary: 'Get an incident',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertIncident,
      access: 'read',
      answers: { 200: { description: 'The incident.', schema: incident } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await incidents.incident(caller, id)),
    }),
    route({
      operationId: 'acknowledgeIncident',
      summary: 'Take an incident over: it is not told again',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertIncidentAck,
      access: 'operate',
      answers: { 200: { description: 'The incident after it.', schema: incident } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, id }) => json(200, await incidents.acknowledge(caller, id)),
    }),
    route({
      operationId: 'resolveIncident',
      summary: 'Resolve an incident by hand',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertIncidentResolve,
      access: 'operate',
      answers: { 200: { description: 'The incident after it.', schema: incident } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await incidents.resolve(caller, id)),
    }),
  ];
}

function silences({ useCases: { incidents }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listSilences',
      summary: 'List silences, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertSilences,
      access: 'read',
      query: z.strictObject(pageFields(limits)),
      answers: { 200: { description: 'One page.', schema: page(silence) } },
      handle: async ({ caller, query }) => json(200, await incidents.silences(caller, query)),
    }),
    route({
      operationId: 'createSilence',
      summary: 'Silence incidents for a time',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertSilences,
      access: 'operate',
      body: { schema: silenceSpec, size: 'single' },
      answers: { 201: { description: 'Created.', schema: silence } },
      errors: ['state_conflict'],
      handle: async ({ caller, body }) => json(201, await incidents.silence(caller, body)),
    }),
    route({
      operationId: 'endSilence',
      summary: 'End a silence now',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.alertSilence,
      access: 'operate',
      answers: { 204: { description: 'It is over.' } },
      errors: ['not_found'],
      async handle({ caller, id }) {
        await incidents.endSilence(caller, id);
        return { status: 204 };
      },
    }),
  ];
}

function deliveries({ useCases: { incidents }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listAlertDeliveries',
      summary: 'List messages to channels, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertDeliveries,
      access: 'read',
      query: z.strictObject({ ...alertDeliveryFilter.shape, ...pageFields(limits) }),
      answers: { 200: { description: 'One page.', schema: page(alertDelivery) } },
      handle: async ({ caller, query }) => json(200, await incidents.deliveries(caller, query)),
    }),
    route({
      operationId: 'getAlertDelivery',
      summary: 'Get a message to a channel',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertDelivery,
      access: 'read',
      answers: { 200: { description: 'The message.', schema: alertDelivery } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await incidents.delivery(caller, id)),
    }),
    route({
      operationId: 'retryAlertDelivery',
      summary: 'Try a message again now',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertDeliveryRetry,
      access: 'operate',
      answers: { 200: { description: 'The message after it.', schema: alertDelivery } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, id }) => json(200, await incidents.retry(caller, id)),
    }),
    route({
      operationId: 'dropAlertDelivery',
      summary: 'Give a message up that waits',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertDeliveryDrop,
      access: 'operate',
      answers: { 200: { description: 'The message after it.', schema: alertDelivery } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, id }) => json(200, await incidents.drop(caller, id)),
    }),
  ];
}
