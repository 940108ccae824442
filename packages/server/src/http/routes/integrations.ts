import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import {
  integration,
  integrationStatus,
  integrationTested,
  saveIntegration,
  testIntegration,
  traceFilter,
  traceSummary,
} from '../schemas/integrations.js';

const TAG = 'Integrations';

export function integrationRoutes({ useCases: { integrations }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listIntegrations',
      summary: 'Integrations with their fields, configured or not',
      tag: TAG,
      method: 'GET',
      path: ROUTES.observabilityConfig,
      access: 'operate',
      answers: { 200: { description: 'All of them; secrets are `[redacted]`.', schema: page(integration) } },
      handle: async ({ caller }) => json(200, await integrations.list(caller)),
    }),
    route({
      operationId: 'saveIntegration',
      summary: 'Make or replace an integration',
      tag: TAG,
      method: 'POST',
      path: ROUTES.observabilityConfig,
      access: 'operate',
      body: { schema: saveIntegration, size: 'single' },
      answers: { 200: { description: 'The integration after it.', schema: integration } },
      errors: ['state_conflict'],
      handle: async ({ caller, body }) => json(200, await integrations.save(caller, body)),
    }),
    route({
      operationId: 'testIntegration',
      summary: 'Try the connection of an integration',
      tag: TAG,
      method: 'POST',
      path: ROUTES.observabilityTest,
      access: 'operate',
      body: { schema: testIntegration, size: 'single' },
      answers: { 200: { description: 'Whether it works, and why not.', schema: integrationTested } },
      errors: ['not_found'],
      handle: async ({ caller, body }) => json(200, await integrations.test(caller, body)),
    }),
    route({
      operationId: 'getIntegrationStatus',
      summary: 'How integrations do',
      tag: TAG,
      method: 'GET',
      path: ROUTES.observabilityStatus,
      access: 'read',
      answers: { 200: { description: 'All of them.', schema: page(integrationStatus) } },
      handle: async ({ caller }) => json(200, await integrations.status(caller)),
    }),
    route({
      operationId: 'listTraces',
      summary: 'Search traces, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.observabilityTraces,
      access: 'read',
      query: z.strictObject({ ...traceFilter.shape, ...pageFields(limits) }),
      answers: {
        200: { description: 'One page; it may be short, or empty, and still have a next one.', schema: page(traceSummary) },
      },
      handle: async ({ caller, query }) => json(200, await integrations.traces(caller, query)),
    }),
  ];
}
