import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { redactSecrets } from '@pipelogiq/protocol';
import { ConfigurationError } from '../../errors.js';
import { isAllowedHost, isAuthorized, isLoopback } from './access.js';

/** An answer of a route. */
export interface Page {
  status: number;
  type: string;
  body: string;
}

export interface MetricsRoute {
  /** Needs no token. */
  open: boolean;
  /** @param isTrusted - the token was sent, or none is set: what an open route may say beside its status */
  page(request: IncomingMessage, isTrusted: boolean): Promise<Page> | Page;
}

export interface MetricsServerOptions {
  port: number;
  host: string;
  /** Asked for by all routes but the probes. */
  token: string | undefined;
  routes: { readonly [path: string]: MetricsRoute };
  onError(error: unknown): void;
}

const HEADERS_MS = 5_000;
const REQUEST_MS = 10_000;
const MAX_CONNECTIONS = 100;

/** The HTTP server of a worker's process. It does not keep the process alive. */
export class MetricsServer {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** @throws ConfigurationError when the address cannot be listened on */
  static async listen(options: MetricsServerOptions): Promise<MetricsServer> {
    const { host, port } = options;
    const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS }, (request, response) => {
      void answer(options, request, response);
    });
    server.maxConnections = MAX_CONNECTIONS;
    server.unref();
    try {
      server.listen(port, host);
      await once(server, 'listening');
    } catch (error) {
      throw cannotListen(error, host, port);
    }
    server.on('error', options.onError);
    const { address, port: bound } = server.address() as AddressInfo;
    return new MetricsServer(server, `http://${isIPv6(address) ? `[${address}]` : address}:${bound}`);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(options: MetricsServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let page: Page;
  try {
    page = await pageFor(options, request);
  } catch (error) {
    options.onError(error);
    page = json(500, { error: 'internal error' });
  }
  const { status, type, body } = page;
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...(status === 405 && { allow: 'GET, HEAD' }),
    ...(type.startsWith('text/html') && { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function pageFor({ routes, token, host }: MetricsServerOptions, request: IncomingMessage): Promise<Page> {
  if (isLoopback(host) && !isAllowedHost(request.headers.host)) return json(421, { error: 'this server is for this machine' });
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const isTrusted = token === undefined || isAuthorized(request.headers.authorization, token);
  if (!isTrusted && !route?.open) return json(401, { error: 'a bearer token is needed' });
  if (!route) return json(404, { error: 'there is no such page', pages: Object.keys(routes) });
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD are answered' });
  return route.page(request, isTrusted);
}

export const json = (status: number, value: unknown): Page => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${redactSecrets(JSON.stringify(value))}\n`, // issues quote errors, which may quote a connection string
});

function cannotListen(error: unknown, host: string, port: number): ConfigurationError {
  const code = (error as NodeJS.ErrnoException).code;
  const why = code === 'EADDRINUSE' ? 'the port is taken' : code === 'EACCES' ? 'that needs more rights' : String(error);
  const advice = 'Choose another with PIPELOGIQ_METRICS_PORT or metrics.port; 0 takes any free one.';
  return new ConfigurationError(`The metrics server cannot listen on ${host}:${port}: ${why}. ${advice}`, error);
}
