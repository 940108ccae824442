import { hashSecret, sameHash } from '../domain/account/keys.js';
import type { HttpDeps } from './deps.js';
import type { Exchange } from './exchange.js';
import { bearerOf } from './gate.js';
import { isLocalHost } from './host-check.js';

/** Whoever sends one of these speaks for somebody else, who may be anywhere. */
const FORWARDING =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*|fastly-client-ip)$/;

/**
 * Whether a scrape is let in without an API key: by the metrics token, or because `metricsAccess` is `local` and it looks as if it came
 * from this machine. That look proves nothing, so `local` is never the default but of `pipelogiq dev`: a bare `proxy_pass` of nginx names
 * a local host, says nothing of whom it speaks for, and since 1.29.7 speaks HTTP/1.1 as everybody does (before, HTTP/1.0 told it). What
 * can be seen is refused all the same: an address that others reach, a host that is not local, a forwarding header, HTTP/1.0. Anyone
 * else needs a key of an admin of all applications, for metrics are of all of them.
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
