import { DomainError } from '../domain/errors.js';

const LOOPBACK_BIND = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export const isLocalHost = (host: string): boolean => LOCAL_HOST.test(host);

export const isLoopback = (host: string): boolean => LOOPBACK_BIND.test(host);

/**
 * Refuses names other than local ones on a server that listens on a loopback address: a web page can point its own name
 * there (DNS rebinding). Browsers always send `Host`; HTTP/1.0 probes may not.
 */
export function checkHost(host: string | undefined): void {
  if (host === undefined || isLocalHost(host)) return;
  throw new DomainError(
    'host_not_allowed',
    `Host ${JSON.stringify(host)} is not local, and this server listens on a loopback address.`,
  );
}
