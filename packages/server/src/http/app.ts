import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { DomainError } from '../domain/errors.js';
import type { HttpDeps } from './deps.js';
import { conclude, type Exchange, type NodeBindings, openExchange, refusal } from './exchange.js';
import { isLoopback } from './host-check.js';
import type { Reply, Route } from './route.js';
import { allRoutes } from './routes/index.js';
import { PATH_NAME } from './schemas/common.js';
import { admit, answerRoute } from './serve-route.js';
import { StaticFirstRouter } from './static-first-router.js';
import { pathOf } from './target.js';
import { wrongIds } from './wrong-id.js';

type Env = { Bindings: NodeBindings };
type NodeHandler = (req: IncomingMessage, res: ServerResponse) => void;

export interface HttpApp {
  /** Answers a request in this process, as `fetch` would over the network. */
  fetch(request: Request, env?: object): Promise<Response>;
  /** For the server of an embedding service, also under a prefix that it cuts off. Leaves the `Host` header to it. */
  nodeHandler: NodeHandler;
  /** For a server of our own that listens on `host`: checks the `Host` header when that is a loopback address. */
  handlerOn(host: string): NodeHandler;
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const UNMATCHED = 'unmatched';

/** Ids are decimal numbers, names need no escaping: any other path is none of ours. */
const honoPath = (path: string) =>
  path.replaceAll('{id}', ':id{[1-9][0-9]*}').replaceAll('{name}', `:id{${PATH_NAME}}`).replace('{path}', '*');

/** Whatever no route was declared for. Strangers learn nothing from it, not even which paths exist. */
function answerUnmatched(
  router: Hono<Env>,
  path: string,
  wrongId: (path: string) => string | undefined,
  deps: HttpDeps,
): (exchange: Exchange) => Promise<Reply> {
  return async (exchange) => {
    await admit(exchange, undefined, deps);
    const { method } = exchange.request;
    const allowed = METHODS.filter((other) => router.router.match(other, path)[0].length > 0);
    if (allowed.length === 0)
      throw new DomainError('not_found', wrongId(path) ?? `Nothing is at ${method} ${path.slice(0, 200)}.`);
    const methods = allowed.flatMap((other) => (other === 'GET' ? ['GET', 'HEAD'] : [other])).join(', ');
    const error = new DomainError('method_not_allowed', `${method} is not possible here; use ${methods}.`);
    const reply = refusal(error, exchange, deps);
    return { ...reply, headers: { ...reply.headers, allow: methods } };
  };
}

function routerOf(routes: readonly Route[], deps: HttpDeps): Hono<Env> {
  const router = new Hono<Env>({
    router: new StaticFirstRouter(),
    getPath: (request, options) => pathOf(request, options?.env as NodeBindings | undefined),
  });
  for (const route of routes) {
    router.on(route.method, honoPath(route.path), (c: Context<Env>) => {
      const exchange = openExchange(c.req.raw, c.env ?? {}, route.path, deps);
      return conclude(exchange, (it) => answerRoute(route, it, c.req.param('id') ?? '', deps), deps);
    });
  }
  const wrongId = wrongIds(routes.map(({ path }) => path));
  router.notFound((c) => {
    const exchange = openExchange(c.req.raw, c.env ?? {}, UNMATCHED, deps);
    return conclude(exchange, answerUnmatched(router, c.req.path, wrongId, deps), deps);
  });
  return router;
}

/** What the adapter itself refuses: a request target or `Host` that is no URL. No route was looked at. */
function adapterErrors(deps: HttpDeps): (error: unknown) => Promise<Response> {
  return (error) => {
    const refused =
      error instanceof RequestError
        ? new DomainError('invalid_request', 'The request target or its Host is not a valid URL.')
        : error;
    const exchange = openExchange(new Request('http://localhost/'), {}, UNMATCHED, deps);
    return conclude(exchange, () => Promise.reject(refused), deps);
  };
}

/**
 * The HTTP surface of the control plane: every route behind one gate that lets in only what a route declares.
 *
 * @example
 * const app = createHttpApp(deps);
 * const server = await startHttpServer(app, { host: '127.0.0.1', port: 8080 });
 */
export function createHttpApp(deps: HttpDeps): HttpApp {
  const router = routerOf(allRoutes(deps), deps);
  const listen = (bindings: NodeBindings): NodeHandler => {
    const listener = getRequestListener((request, env) => router.fetch(request, { ...(env as NodeBindings), ...bindings }), {
      overrideGlobalObjects: false, // an embedding service keeps its own Request and Response
      hostname: 'localhost', // for HTTP/1.0 requests without Host
      errorHandler: adapterErrors(deps),
    });
    return (req, res) => void listener(req, res);
  };
  return {
    fetch: async (request, env = {}) => router.fetch(request, env),
    nodeHandler: listen({}),
    handlerOn: (host) => listen({ localOnly: isLoopback(host) }),
  };
}
