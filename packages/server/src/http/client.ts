import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpDeps } from './deps.js';
import type { NodeBindings } from './exchange.js';
import { isHttpsPage } from './origin.js';

const MAX_AGENT = 300;
const MAX_HOPS = 20;

/** Where a request comes from. */
export interface Client {
  /** Absent for a call in the same process. */
  address?: string | undefined;
  userAgent?: string | undefined;
  /** Whether a browser reaches the server by https. */
  isSecure: boolean;
}

type Source = { request: Request; node: NodeBindings };

/**
 * The address of the caller: the other end of the socket, unless that is a proxy that is trusted by name. Then it is the last entry of
 * `X-Forwarded-For` that no trusted proxy wrote of another one: what stands before it may be made up.
 */
export function addressOf({ request, node }: Source, { trustsProxy }: Pick<HttpDeps, 'trustsProxy'>): string | undefined {
  const direct = node.incoming?.socket.remoteAddress;
  if (direct === undefined || !trustsProxy?.(direct)) return direct;
  const hops = (request.headers.get('x-forwarded-for') ?? '').split(',').slice(-MAX_HOPS);
  let address = direct;
  for (const hop of hops.reverse()) {
    const text = hop.trim();
    if (isIP(text) === 0) return address;
    address = text;
    if (!trustsProxy(address)) return address;
  }
  return address;
}

function isSecure({ request, node }: Source, { trustsProxy }: Pick<HttpDeps, 'trustsProxy'>): boolean {
  const socket = node.incoming?.socket as TLSSocket | undefined;
  if (socket?.encrypted === true || isHttpsPage(request.headers)) return true;
  if (!socket) return request.url.startsWith('https:');
  const proto = request.headers.get('x-forwarded-proto')?.trim().toLowerCase();
  return proto === 'https' && socket.remoteAddress !== undefined && trustsProxy?.(socket.remoteAddress) === true;
}

export function clientOf(source: Source, deps: Pick<HttpDeps, 'trustsProxy'>): Client {
  const agent = source.request.headers.get('user-agent');
  return {
    address: addressOf(source, deps),
    isSecure: isSecure(source, deps),
    ...(agent !== null && { userAgent: agent.slice(0, MAX_AGENT) }),
  };
}
