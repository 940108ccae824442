import { hashSecret, sameHash } from '../domain/account/keys.js';
import type { Exchange } from './exchange.js';
import { bearerOf } from './gate.js';
import { isLocalHost } from './host-check.js';

/** Whoever sends one of these speaks for somebody else, who may be anywhere. */
const FORWARDING =
  /^(?:forwarded|via|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|x-original-.*|true-client-ip|cf-.*|fastly-client-ip)$/;

/**
 * Whether a scrape is let in without an API key: by the metrics token, or because it comes from this machine. That is certain only on
 * a server of our own that listens on a loopback address, when the request names a local host and no proxy has touched it. Anyone
 * else needs a key with the scope `read`.
 */
export function mayScrape({ request, node }: Pick<Exchange, 'request' | 'node'>, metricsToken: string | undefined): boolean {
  const token = bearerOf(request.headers);
  if (metricsToken !== undefined && token !== undefined && sameHash(hashSecret(token), hashSecret(metricsToken))) return true;
  const host = node.incoming?.headers.host;
  if (!node.localOnly || host === undefined || !isLocalHost(host)) return false;
  return ![...request.headers.keys()].some((name) => FORWARDING.test(name));
}
