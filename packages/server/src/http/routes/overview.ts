import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { json, type Route, route } from '../route.js';
import { overview } from '../schemas/overview.js';

export const overviewRoutes = ({ useCases }: HttpDeps): Route[] => [
  route({
    operationId: 'getOverview',
    summary: 'What goes on at this moment: jobs, queues, workers, incidents',
    tag: 'Insights',
    method: 'GET',
    path: ROUTES.overview,
    access: 'read',
    answers: { 200: { description: 'Figures of the moment.', schema: overview } },
    handle: async ({ caller }) => json(200, await useCases.overview.overview(caller)),
  }),
];
