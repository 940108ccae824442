import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { networkList } from '../outbound/networks.js';
import { clientOf } from './client.js';

const trustsProxy = networkList('10.0.0.0/8, ::1');

function client(remoteAddress: string, headers: Record<string, string>, trusts: typeof trustsProxy | undefined = trustsProxy) {
  const incoming = { socket: { remoteAddress } } as unknown as IncomingMessage;
  const request = new Request('http://x.test/', { headers });
  return clientOf({ request, node: { incoming } }, trusts ? { trustsProxy: trusts } : {});
}

describe('the address of a caller', () => {
  it.each([
    ['of the socket', '9.9.9.9', '1.1.1.1', '9.9.9.9'],
    ['behind a trusted proxy', '10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['behind two', '10.0.0.1', '1.1.1.1, 10.0.0.2', '1.1.1.1'],
    ['who made up what stands before', '10.0.0.1', '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    ['of a proxy that says nonsense', '10.0.0.1', 'nonsense', '10.0.0.1'],
    ['behind a mapped one', '::ffff:10.0.0.1', '1.1.1.1', '1.1.1.1'],
    ['behind one in IPv6', '::1', '2001:db8::1', '2001:db8::1'],
  ])('%s', (_, socket, forwarded, expected) => {
    expect(client(socket, { 'x-forwarded-for': forwarded }).address).toBe(expected);
  });

  it('is never what a header says when no proxy is trusted', () => {
    const made = { request: new Request('http://x.test/', { headers: { 'x-forwarded-for': '1.1.1.1' } }) };
    const incoming = { socket: { remoteAddress: '10.0.0.1' } } as unknown as IncomingMessage;
    expect(clientOf({ ...made, node: { incoming } }, {}).address).toBe('10.0.0.1');
  });
});

it('takes a way for https when a trusted proxy, or the page itself, says so', () => {
  expect(client('10.0.0.1', { 'x-forwarded-proto': 'https' }).isSecure).toBe(true);
  expect(client('9.9.9.9', { 'x-forwarded-proto': 'https' }).isSecure).toBe(false);
  expect(client('9.9.9.9', { origin: 'https://x.test', host: 'x.test' }).isSecure).toBe(true);
  expect(client('9.9.9.9', { origin: 'https://evil.test', host: 'x.test' }).isSecure).toBe(false);
});
