import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { errorGroup, errorQuery, insightQuery, insights } from '../schemas/insights.js';

const TAG = 'Insights';
const DEFAULT_ROWS = 20;

export function insightRoutes({ useCases, limits }: HttpDeps): Route[] {
  const { limit, ...cursor } = pageFields(limits);
  return [
    route({
      operationId: 'getInsights',
      summary: 'Figures of what ran: percentiles, hotspots, throughput, regressions',
      tag: TAG,
      method: 'GET',
      path: ROUTES.insights,
      access: 'read',
      query: z.strictObject({ ...insightQuery.shape, limit: limit.default(DEFAULT_ROWS) }),
      answers: { 200: { description: 'The figures.', schema: insights } },
      errors: ['not_found'],
      handle: async ({ caller, query }) => json(200, await useCases.insights.insights(caller, query)),
    }),
    route({
      operationId: 'listErrors',
      summary: 'Failures that are alike, most recent first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.errors,
      access: 'read',
      query: z.strictObject({ ...errorQuery.shape, limit, ...cursor }),
      answers: { 200: { description: 'One page.', schema: page(errorGroup) } },
      errors: ['not_found'],
      handle: async ({ caller, query }) => json(200, await useCases.insights.errors(caller, query)),
    }),
  ];
}
