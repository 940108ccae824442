import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { JSON_TYPE, json, type Route, route } from '../route.js';
import { serverLogLevel, serverRetention } from '../schemas/server.js';

const DEFAULT_SECONDS = 10;
const LEVEL = { 200: { description: 'The least severe level that is logged.', schema: serverLogLevel } };

const logLevelRoutes = ({ useCases: { server } }: HttpDeps): Route[] => [
  route({
    operationId: 'getLogLevel',
    summary: 'The level of the log of this server',
    tag: 'Server',
    method: 'GET',
    path: ROUTES.logLevel,
    access: 'admin',
    answers: LEVEL,
    handle: async ({ caller }) => json(200, await server.logLevel(caller)),
  }),
  route({
    operationId: 'setLogLevel',
    summary: 'Change it, until the server stops',
    tag: 'Server',
    method: 'PUT',
    path: ROUTES.logLevel,
    access: 'admin',
    body: { schema: serverLogLevel, size: 'single' },
    answers: LEVEL,
    handle: async ({ caller, body }) => json(200, await server.setLogLevel(caller, body.level)),
  }),
];

const retentionRoute = ({ useCases: { server } }: HttpDeps): Route =>
  route({
    operationId: 'getRetention',
    summary: 'How long what is written down is kept',
    tag: 'Server',
    method: 'GET',
    path: ROUTES.retention,
    access: 'read',
    answers: { 200: { description: 'The times in force.', schema: serverRetention } },
    handle: async () => json(200, server.retention()),
  });

function profileRoute({ useCases: { server }, limits }: HttpDeps, kind: 'cpu' | 'heap'): Route {
  const most = Math.floor(limits.profileMs / 1_000);
  const seconds = z.int().min(1).max(most).default(Math.min(DEFAULT_SECONDS, most));
  const file = `pipelogiq.${kind}profile`;
  return route({
    operationId: kind === 'cpu' ? 'takeCpuProfile' : 'takeHeapProfile',
    summary: kind === 'cpu' ? 'Where the server spends its time' : 'What holds the memory that the server takes meanwhile',
    tag: 'Server',
    method: 'POST',
    path: kind === 'cpu' ? ROUTES.profileCpu : ROUTES.profileHeap,
    access: 'admin',
    query: z.strictObject({ seconds }),
    answers: { 200: { description: `A \`.${kind}profile\`, as developer tools open it.`, type: JSON_TYPE } },
    errors: ['state_conflict'],
    async handle({ caller, query, signal }) {
      const body = await server.profile(caller, kind, query.seconds * 1_000, signal());
      const headers = { 'content-type': JSON_TYPE, 'content-disposition': `attachment; filename="${file}"` };
      return { status: 200, body, headers };
    },
  });
}

/** What concerns the server as a whole. */
export const serverRoutes = (deps: HttpDeps): Route[] => [
  ...logLevelRoutes(deps),
  retentionRoute(deps),
  profileRoute(deps, 'cpu'),
  profileRoute(deps, 'heap'),
];
