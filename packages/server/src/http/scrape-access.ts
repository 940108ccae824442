import { hashSecret, sameHash } from '../domain/account/keys.js';
import type { HttpDeps } from './deps.js';
import type { Exchange } from './exchange.js';
import { bearerOf } from './gate.js';
import { isLocalHost } from './host-check.js';

/** Whoever sends one of these speaks for somebody else, who may be anywhere. */
const FORWARDING =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*|fastly-client-ip)$/;

/**
 * Whether a scrape is let in without an API key: by the metrics token, or because it comes from this machine. The latter is as good as
 * certain only on a server of our own that listens on a loopback address, when the request names a local host and no proxy has touched
 * it. HTTP/1.0 is that of proxies: nginx speaks it unless told otherwise, names a local host, and says nothing of whom it speaks for.
 * A proxy that does so in HTTP/1.1 cannot be told from a caller of this machine: for that there is `metricsAccess`. Anyone else needs
 * a key of an admin of all applications, for metrics are of all of them.
 */
export function mayScrape(
  { request, node }: Pick<Exchange, 'request' | 'node'>,
  { metricsToken, metricsAccess }: Pick<HttpDeps, 'metricsToken' | 'metricsAccess'>,
): boolean {
  const token = bearerOf(request.headers);
  if (metricsToken !== undefined && token !== undefined && sameHash(hashSecret(token), hashSecret(metricsToken))) return true;
  const { localOnly, incoming } = node;
  if (metricsAccess !== 'local' || !localOnly || !incoming || incoming.httpVersion === '1.0') return false;
  const { host } = incoming.headers;
  if (host === undefined || !isLocalHost(host)) return false;
  return ![...request.headers.keys()].some((name) => FORWARDING.test(name));
}
