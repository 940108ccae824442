import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { OutboundRefused, OutboundUnreachable } from './errors.js';
import type { Networks } from './networks.js';

/** All addresses of a name. */
export type Lookup = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void;

export type Connect = buildConnector.connector;

const lookupAll: Lookup = (host, done) => systemLookup(host, { all: true }, done);

const refusal = (host: string): OutboundRefused =>
  new OutboundRefused(
    `${host} is at an address of a private or reserved network, which the server does not call. Allow it with --outbound-allow.`,
  );

/**
 * Connects to addresses that may be called, and to no other. The address is checked that the socket connects to: a name that has
 * another address the next time it is looked up (DNS rebinding) gains nothing.
 */
export function checkedConnect(
  networks: Networks,
  lookup: Lookup = lookupAll,
  { allowH2 = false }: { allowH2?: boolean } = {},
): Connect {
  const checkedLookup: LookupFunction = (host, options, done) => {
    lookup(host, (error, addresses) => {
      if (error) return done(error, '');
      const { family } = options;
      const wanted = addresses.filter((one) => !family || family === one.family || String(family) === `IPv${one.family}`);
      const allowed = wanted.filter(({ address }) => networks.mayCall(address));
      const [first] = allowed;
      if (!first) return done(refusal(host), '');
      return options.all ? done(null, allowed) : done(null, first.address, first.family);
    });
  };
  const connect = buildConnector({ lookup: checkedLookup, timeout: 0, allowH2 });
  return (options, done) => {
    // Sockets look up names only; the URL parser has brought every way to write an IPv4 address into one form.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !networks.mayCall(host)) return done(refusal(host), null);
    connect(options, (error, socket) => {
      if (error) return done(error, null);
      if (networks.mayCall(socket.remoteAddress ?? '')) return done(null, socket);
      socket.destroy();
      done(refusal(host), null);
    });
  };
}

/** A connection that is not waited for any longer when `stop` aborts; one that comes later is closed. */
export function connected(connect: Connect, to: Parameters<Connect>[0], stop: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new OutboundUnreachable(`${to.host ?? to.hostname} was not waited for.`));
    if (stop.aborted) return abort();
    stop.addEventListener('abort', abort, { once: true });
    connect(to, (error, socket) => {
      stop.removeEventListener('abort', abort);
      if (error) return reject(error);
      if (stop.aborted) socket.destroy();
      else resolve(socket);
    });
  });
}
