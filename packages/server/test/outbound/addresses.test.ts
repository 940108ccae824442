import { describe, expect, it } from 'vitest';
import { networks } from '../../src/outbound/networks.js';
import { aGate, aListener } from './support.js';

/** Ways to write an address that must not be called. The port is that of a server which hears of every connection. */
const LITERALS = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '017700000001',
  '0x7f.1',
  '127.0.0.1.',
  '0',
  '0.0.0.0',
  '0.1.2.3',
  '0x0',
  '10.0.0.1',
  '10.255.255.255',
  '012.0.0.1',
  '0xa000001',
  '100.64.0.1',
  '100.127.255.254',
  '169.254.169.254',
  '169.254.0.1',
  '0xa9fea9fe',
  '2852039166',
  '0251.0376.0251.0376',
  '169.16689662',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.0.170',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.1',
  '192.168.255.255',
  '0xc0a80001',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.7',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '0xffffffff',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a9fe:a9fe]',
  '[::ffff:10.1.2.3]',
  '[0:0:0:0:0:ffff:c0a8:0101]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b::8.8.8.8]',
  '[64:ff9b:1::1]',
  '[100::1]',
  '[2001::1]',
  '[2001:0:4136:e378:8000:63bf:3fff:fdd2]',
  '[2001:db8::1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[3fff::1]',
  '[5f00::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fdff::1]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  '[ff02::1]',
];

/** Names with these addresses. */
const NAMED = [
  '127.0.0.1',
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
