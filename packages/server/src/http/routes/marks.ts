import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { withIdempotencyKey } from '../idempotency-key.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { comparisonQuery, createMark, mark, markCreated, markInsight, markQuery } from '../schemas/insights.js';

const TAG = 'Insights';

function create({ useCases: { insights } }: HttpDeps): Route {
  return route({
    operationId: 'createMark',
    summary: 'Mark a deployment',
    tag: TAG,
    method: 'POST',
    path: ROUTES.marks,
    access: 'produce',
    body: { schema: createMark, size: 'single' },
    headers: { 'Idempotency-Key': 'Same as the field idempotencyKey.' },
    answers: {
      201: { description: 'Marked.', schema: markCreated },
      200: { description: 'An earlier call with this key had marked it.', schema: markCreated },
    },
    errors: ['idempotency_conflict', 'idempotency_mismatch'],
    async handle({ caller, body, headers, check }) {
      const mark = withIdempotencyKey(body, headers, (keyed) => check(createMark, keyed, ''));
      const made = await insights.mark(caller, mark);
      return json(made.created ? 201 : 200, made, { location: `marks/${made.id}` });
    },
  });
}

export function markRoutes(deps: HttpDeps): Route[] {
  const { insights } = deps.useCases;
  return [
    create(deps),
    route({
      operationId: 'listMarks',
      summary: 'Deployments, latest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.marks,
      access: 'read',
      query: z.strictObject({ ...markQuery.shape, ...pageFields(deps.limits) }),
      answers: { 200: { description: 'One page.', schema: page(mark) } },
      handle: async ({ caller, query }) => json(200, await insights.marks(caller, query)),
    }),
    route({
      operationId: 'getMark',
      summary: 'A deployment, and what ran before and after it',
      tag: TAG,
      method: 'GET',
      path: ROUTES.mark,
      access: 'read',
      query: comparisonQuery,
      answers: { 200: { description: 'The mark, compared.', schema: markInsight } },
      errors: ['not_found'],
      handle: async ({ caller, id, query }) => json(200, await insights.compareMark(caller, id, query)),
    }),
  ];
}
