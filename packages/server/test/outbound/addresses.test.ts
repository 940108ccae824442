import { describe, expect, it } from 'vitest';
import { networks } from '../../src/outbound/networks.js';
import { LITERALS } from './literals.js';
import { aMailer } from './mail-server.js';
import { aGate, aListener } from './support.js';

/** Names with these addresses. */
const NAMED = [
  '127.0.0.1',
  '168.63.129.16',
  '169.254.169.254',
  '10.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  'fd00::1',
  'fe80::1',
  '64:ff9b::7f00:1',
  '0.0.0.0',
];

describe('addresses that the server does not call', () => {
  it('are refused in every way to write them, and nobody hears of it', async () => {
    const listener = await aListener();
    const gate = aGate();
    expect(LITERALS.length).toBeGreaterThanOrEqual(60);
    for (const host of LITERALS) {
      const url = `http://${host}:${listener.port}/`;
      await expect(gate.request({ url }), url).rejects.toMatchObject({ kind: 'refused' });
    }
    expect(listener.connections).toBe(0);
  });

  it.each(['fe80::1%lo', '::1%lo', '::1%1', 'fd00::1%eth0', '::ffff:127.0.0.1%1'])('have no zone: %s', async (address) => {
    const gate = aGate({ names: { 'zone.example': [[address]] } });
    await expect(gate.request({ url: `http://[${address}]/` })).rejects.toMatchObject({ kind: 'refused' });
    await expect(gate.request({ url: `http://[${address.replace('%', '%25')}]/` })).rejects.toMatchObject({ kind: 'refused' });
    await expect(gate.request({ url: 'http://zone.example/' })).rejects.toMatchObject({ kind: 'refused' });
    expect(networks().mayCall(address)).toBe(false);
  });

  it('are refused to mail and to gRPC alike, in every way to write them', async () => {
    const listener = await aListener();
    const gate = aGate();
    // As the system's look-up does: it takes every old way to write an IPv4 address.
    const names = Object.fromEntries(LITERALS.map((host) => [host, [new URL(`http://${host}/`).hostname]]));
    const mailer = aMailer({ allow: '', names });
    const mail = { port: listener.port, security: 'none', from: 'a@b.c', to: ['a@b.c'], subject: '', text: '' } as const;
    for (const host of LITERALS) {
      const kind = { kind: 'refused' };
      const call = { url: `http://${host}:${listener.port}/`, path: '/a.B/C', message: new Uint8Array() };
      await expect(gate.unary(call), host).rejects.toMatchObject(kind);
      const bare = host.replace(/^\[|\]$/g, '');
      await expect(mailer.send({ mail: { ...mail, host: bare, messageId: '<1@b.c>' } }), host).rejects.toMatchObject(kind);
    }
    expect(listener.connections).toBe(0);
  });

  it.each(NAMED)('are refused when a name leads to them: %s', async (address) => {
    const listener = await aListener();
    const gate = aGate({ names: { 'innocent.example': [[address]] } });
    await expect(gate.request({ url: `http://innocent.example:${listener.port}/` })).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('innocent.example is at an address of a private or reserved network'),
    });
    expect(listener.connections).toBe(0);
  });

  it('are refused when a name leads to them at the second look: the address of the connection counts', async () => {
    const listener = await aListener();
    // The first answer stands in a network that is allowed, the second one does not.
    const gate = aGate({ allow: '127.0.0.1', names: { 'rebinds.example': [['127.0.0.1'], ['127.0.0.2']] } });
    const url = `http://rebinds.example:${listener.port}/`;
    expect((await gate.request({ url, headers: { connection: 'close' } })).status).toBe(200);
    await expect(gate.request({ url })).rejects.toMatchObject({ kind: 'refused' });
    expect(listener.connections).toBe(1);
  });

  it('are passed over when the name has another one that may be called', async () => {
    const listener = await aListener();
    const gate = aGate({ allow: '127.0.0.1/32', names: { 'both.example': [['127.0.0.2', '::1', '127.0.0.1']] } });
    expect((await gate.request({ url: `http://both.example:${listener.port}/` })).status).toBe(200);
    expect(listener.remotes).toEqual(['127.0.0.1']);
  });

  it.each([
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'data:text/plain,x',
    'unix:///run/docker.sock',
    'javascript:1',
    '//host/',
    'host',
    '',
    'http://',
    'http://user@example.com/',
    'http://user:pass@example.com/',
    'https://:pass@example.com/',
    'http://a.example:99999/',
  ])('are refused before anything is looked up: %j', async (url) => {
    const gate = aGate({ names: {} });
    expect(gate.objectionTo(url)).toBeDefined();
    await expect(gate.request({ url })).rejects.toMatchObject({ kind: 'refused' });
  });
});

describe('addresses that the server calls', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '169.253.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
  ])('are those of the public internet: %s', (address) => {
    expect(networks().mayCall(address)).toBe(true);
  });

  it('are also those of allowed networks, and no others', () => {
    const some = networks('10.1.0.0/16, 127.0.0.1 ,fd00::/8');
    expect(['10.1.2.3', '::ffff:10.1.2.3', '127.0.0.1', 'fd12::1'].filter((one) => !some.mayCall(one))).toEqual([]);
    expect(['10.2.0.1', '127.0.0.2', 'fe80::1', '::1', '192.168.0.1', '::ffff:10.2.0.1'].filter(some.mayCall)).toEqual([]);
    expect(networks('::/0').mayCall('127.0.0.1')).toBe(false);
    expect(networks('0.0.0.0/0').mayCall('127.0.0.1')).toBe(true);
  });

  it.each(['10.0.0.0/33', 'localhost', '10.0.0.0/', '10.0.0', '::/129', '1.2.3.4/8/8'])(
    'cannot be allowed by what is no network: %s',
    (entry) => {
      expect(() => networks(entry)).toThrow('is no network');
    },
  );

  it('are not what is no address', () => {
    expect(['', 'localhost', '127.1', '[::1]'].filter(networks('0.0.0.0/0,::/0').mayCall)).toEqual([]);
  });
});
