import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import { type ErrorCode, HEADERS, PROTOCOL_VERSION, SCOPES } from '@pipelogiq/protocol';
import { scopeOf } from './gate.js';
import { PROBLEMS } from './problems.js';
import { JSON_TYPE, type Route } from './route.js';
import { id, pathName } from './schemas/common.js';
import { problem } from './schemas/problem.js';

export type OpenApiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>;
type Responses = RouteConfig['responses'];

const CLOSED: readonly ErrorCode[] = ['unauthenticated', 'forbidden'];
const EVERYWHERE: readonly ErrorCode[] = ['internal'];
const WITH_BODY: readonly ErrorCode[] = ['invalid_json', 'invalid_request', 'unsupported_media_type', 'payload_too_large'];
const WRITES: readonly ErrorCode[] = ['overloaded', 'shutting_down', 'store_unavailable', 'outcome_unknown'];

function errorCodes({ access, body, query, errors = [], method }: Route): ErrorCode[] {
  if (access === 'open') return [...(body ? WITH_BODY : []), ...(method === 'GET' ? [] : [...WRITES, ...EVERYWHERE]), ...errors];
  return [
    ...CLOSED,
    ...(access === 'worker' ? (['session_invalid'] as const) : []),
    ...(body ? WITH_BODY : query ? (['invalid_request'] as const) : []),
    ...(method === 'GET' ? [] : WRITES),
    ...errors,
    ...EVERYWHERE,
  ];
}

/** One response per status, its codes named in the description. */
function problemResponses(route: Route): Responses {
  const byStatus = new Map<number, Set<ErrorCode>>();
  for (const code of errorCodes(route)) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: [...codes].map((code) => `\`${code}\``).join(', '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}

function answerResponses({ answers }: Route): Responses {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, type }]) => {
      if (schema) return [status, { description, content: { [JSON_TYPE]: { schema } } }];
      return [status, { description, ...(type && { content: { [type]: { schema: { type: 'string' } } } }) }];
    }),
  );
}

function headerParameters({ headers = {}, access }: Route) {
  const all =
    access === 'worker'
      ? { [HEADERS.workerSession]: 'Session token of the worker, from POST /workers/bootstrap.', ...headers }
      : headers;
  return Object.entries(all).map(([name, description]) => ({
    name,
    in: 'header' as const,
    description,
    required: name === HEADERS.workerSession,
    schema: { type: 'string' as const },
  }));
}

function securityOf({ access }: Route) {
  if (access === 'open') return [];
  if (access === 'user') return [{ session: [] }];
  const scope = scopeOf(access);
  const scopes = scope === undefined ? [] : [scope];
  return [{ bearer: scopes }, { apiKey: scopes }, { session: scopes }];
}

function needOf(access: Exclude<Route['access'], 'open'>): string {
  if (access === 'scrape') return 'the metrics token, a call from the machine of the server, or an admin of all applications';
  if (access === 'user') return 'a user who has signed in';
  return access === 'caller' ? 'any API key, or a user who has signed in' : `the scope \`${scopeOf(access)}\``;
}

type RequestConfig = NonNullable<RouteConfig['request']>;

function requestOf({ path, body, query }: Route): RequestConfig {
  const request: RequestConfig = {};
  if (path.includes('{id}')) request.params = idParameter as NonNullable<RequestConfig['params']>;
  if (path.includes('{name}')) request.params = nameParameter as NonNullable<RequestConfig['params']>;
  if (path.includes('{path}')) request.params = pathParameter as NonNullable<RequestConfig['params']>;
  if (query) request.query = query as NonNullable<RequestConfig['query']>;
  if (body) request.body = { required: !body.mayBeEmpty, content: { [JSON_TYPE]: { schema: body.documented ?? body.schema } } };
  return request;
}

const idParameter = z.strictObject({ id });
const nameParameter = z.strictObject({ name: pathName });
const pathParameter = z.strictObject({ path: z.string() });

function describe(route: Route): RouteConfig {
  const { access, operationId, summary, tag, method, path } = route;
  return {
    method: method.toLowerCase() as Lowercase<Route['method']>,
    path,
    operationId,
    summary,
    tags: [tag],
    security: securityOf(route),
    'x-pipelogiq-access': access,
    ...(access !== 'open' && { description: `Needs ${needOf(access)}.` }),
    parameters: headerParameters(route),
    request: requestOf(route),
    responses: { ...answerResponses(route), ...problemResponses(route) },
  } as RouteConfig;
}

/** OpenAPI 3.1, made of the very schemas that check requests. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const generator = new OpenAPIHono();
  const registry = generator.openAPIRegistry;
  const scopes = SCOPES.map((scope) => `\`${scope}\``).join(', ');
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: `API key. Scopes: ${scopes}.`,
  });
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'apiKey', in: 'header', name: 'X-API-Key' });
  registry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'pipelogiq',
    description:
      'Session of a user, by `POST /auth/login`; `__Host-pipelogiq` over https. Writes need the Origin of the server itself.',
  });
  for (const route of routes) registry.registerPath(describe(route));
  return generator.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Pipelogiq',
      version,
      description: `Execution control plane for multi-stage background work. Wire protocol ${PROTOCOL_VERSION}.`,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
  });
}
