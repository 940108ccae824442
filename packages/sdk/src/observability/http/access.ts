import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4 } from 'node:net';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, whatever the lengths. */
export function isAuthorized(header: string | undefined, token: string): boolean {
  const [scheme = '', given = ''] = (header ?? '').split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && timingSafeEqual(sha256(given), sha256(token));
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

/** A page that a browser loaded from elsewhere must not read a server on loopback by a name that resolves to it (DNS rebinding). */
export function isAllowedHost(header: string | undefined): boolean {
  const name = (header ?? '').replace(/:\d+$/, '').toLowerCase();
  return name === '[::1]' || isLoopback(name);
}
