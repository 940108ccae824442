import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { onTestFinished } from 'vitest';
import { networks } from '../../src/outbound/networks.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

interface GateOptions {
  allow?: string;
  /** What each look-up of a name answers, in turn; the last one again and again. */
  names?: { [name: string]: string[][] };
  clock?: ManualClock;
  timeoutMs?: number;
  maxBytes?: number;
}

/** The gate with names of our own: nothing outside is ever asked. */
export function aGate({
  allow = '',
  names = {},
  clock = new ManualClock(),
  timeoutMs = 10_000,
  maxBytes = 65_536,
}: GateOptions = {}): Outbound {
  const asked = new Map<string, number>();
  const gate = createOutbound({
    networks: networks(allow),
    timeoutMs,
    maxBytes,
    clock,
    lookup: (host, done) => {
      const answers = names[host];
      if (!answers) return done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
      const turn = asked.get(host) ?? 0;
      asked.set(host, turn + 1);
      const addresses = answers[Math.min(turn, answers.length - 1)] ?? [];
      return done(
        null,
        addresses.map((address) => ({ address, family: isIP(address) })),
      );
    },
  });
  onTestFinished(() => gate.close());
  return gate;
}

interface Listener {
  port: number;
  connections: number;
  /** Addresses that were called. */
  remotes: string[];
  server: Server;
}

/** A server on every address of this machine. */
export async function aListener(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end('ok'),
): Promise<Listener> {
  const server = createServer(answer);
  const listener: Listener = { port: 0, connections: 0, remotes: [], server };
  server.on('connection', (socket) => {
    listener.connections += 1;
    listener.remotes.push(String(socket.localAddress).replace('::ffff:', ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  listener.port = (server.address() as AddressInfo).port;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listener;
}
