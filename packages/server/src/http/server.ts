import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HttpApp } from './app.js';

const KEEP_ALIVE_MS = 65_000; // longer than the minute after which proxies and pools let go, so that they do it, not we
const REQUEST_MS = 60_000; // to send a whole request; answers may take longer

export interface HttpServer {
  /** As `http://127.0.0.1:8080`. */
  url: string;
  port: number;
  /** Stops accepting, ends idle connections and waits for the answers that are under way. */
  close(): Promise<void>;
}

const REASONS: { [code: string]: string } = {
  EADDRINUSE: 'is taken by another program; choose another port',
  EACCES: 'needs more rights than this user has; choose a port above 1023',
  EADDRNOTAVAIL: 'is no address of this machine',
  ENOTFOUND: 'is no address that can be resolved',
};

/** The error of a failed listen, in one line. */
function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reason = REASONS[error.code ?? ''] ?? `cannot be listened on (${error.code ?? error.message})`;
  return Object.assign(new Error(`${host}:${port} ${reason}.`, { cause: error }), { code: error.code });
}

const urlOf = ({ address, family, port }: AddressInfo) => `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
  });
}

/**
 * Listens on `host`:`port` (0: any free port) and serves `app` there.
 *
 * Rejects with an Error that has the system's `code`, as `EADDRINUSE`, and a message of one line.
 */
export function startHttpServer(
  app: Pick<HttpApp, 'standaloneHandler'>,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  let closed: Promise<void> | undefined;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS }, (req, res) => {
    res.once('close', () => closed && server.closeIdleConnections()); // an answer that close() waited for has gone out
    app.standaloneHandler(req, res);
  });
  const close = () => {
    closed ??= closeServer(server);
    return closed;
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen({ host, port }, () => {
      const address = server.address() as AddressInfo;
      resolve({ url: urlOf(address), port: address.port, close });
    });
  });
}
