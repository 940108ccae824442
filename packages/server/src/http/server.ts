import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
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

/**
 * Ends connections once nothing is under way on them. Node's `closeIdleConnections` overlooks those that have not sent a
 * request yet, as clients open them ahead of need; they would hold up the end until a timeout.
 */
class Connections {
  readonly #open = new Set<Socket>();
  readonly #underWay = new Set<IncomingMessage>();
  #closing = false;

  opened(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
  }

  started(req: IncomingMessage, res: ServerResponse): void {
    this.#underWay.add(req);
    res.once('close', () => {
      this.#underWay.delete(req);
      if (this.#closing) this.#endIdle();
    });
  }

  closeWhenIdle(): void {
    this.#closing = true;
    this.#endIdle();
  }

  #endIdle(): void {
    const busy = new Set([...this.#underWay].map(({ socket }) => socket));
    for (const socket of this.#open) if (!busy.has(socket)) socket.destroy();
  }
}

function closeServer(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    connections.closeWhenIdle();
  });
}

/**
 * Listens on `host`:`port` (0: any free port) and serves `app` there.
 *
 * Rejects with an Error that has the system's `code`, as `EADDRINUSE`, and a message of one line.
 */
export function startHttpServer(
  app: Pick<HttpApp, 'handlerOn'>,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  const handle = app.handlerOn(host);
  const connections = new Connections();
  let closed: Promise<void> | undefined;
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MS }, (req, res) => {
    connections.started(req, res);
    handle(req, res);
  });
  server.on('connection', (socket) => connections.opened(socket));
  const close = () => {
    closed ??= closeServer(server, connections);
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
