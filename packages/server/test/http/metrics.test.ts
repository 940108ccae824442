import { afterEach, describe, expect, it, test } from 'vitest';
import { anApi, problemOf } from './harness.js';
import { closeAll, embed, send, serve } from './sockets.js';

afterEach(closeAll);

const TOKEN = 'a-token-for-prometheus';
const METRICS = {
  enabled: true,
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  text: async () => ({ bytes: Buffer.from('a_metric 1\n'), release: () => {} }),
};
const api = (metricsToken?: string) => anApi({}, { metrics: METRICS, metricsToken });
const scrape = (port: number, headers: Record<string, string> = {}) => send({ port, path: '/metrics', headers });

describe('GET /metrics on a loopback address', () => {
  it('is open to this machine', async () => {
    const { port } = await serve(api());
    const answer = await scrape(port);
    expect(answer).toMatchObject({ status: 200, text: 'a_metric 1\n' });
    expect(answer.headers['content-type']).toBe(METRICS.contentType);
    expect((await scrape(port, { host: `localhost:${port}` })).status).toBe(200);
  });

  // Seen to fail when they were given back as soon as they were handed to the socket, which takes megabytes bit by bit.
  it('is sent before its bytes are given back', async () => {
    const size = 20_000_000;
    let released = 0;
    const text = async () => {
      const bytes = Buffer.alloc(size, '#');
      const release = () => {
        released += bytes.fill('!').length;
      };
      return { bytes, release };
    };
    const { port } = await serve(anApi({}, { metrics: { ...METRICS, text } }));
    const { text: arrived } = await scrape(port);
    expect([arrived.length, arrived.includes('!')]).toEqual([size, false]);
    await expect.poll(() => released).toBe(size);
  });

  test.each([
    ['x-forwarded-for', '203.0.113.7'],
    ['x-forwarded-host', 'metrics.example.com'],
    ['x-forwarded-proto', 'https'],
    ['forwarded', 'for=203.0.113.7'],
    ['x-real-ip', '203.0.113.7'],
    ['via', '1.1 proxy'],
    ['cf-connecting-ip', '203.0.113.7'],
    ['true-client-ip', '203.0.113.7'],
  ])('is closed to what came through a proxy, which %s tells', async (name, value) => {
    const { port } = await serve(api());
    expect((await scrape(port, { [name]: value })).status).toBe(401);
    expect((await scrape(port, { [name]: '' })).status).toBe(401);
    expect((await scrape(port, { [name]: value, 'x-api-key': 'key-read' })).status).toBe(200);
  });

  it('is closed to other names of this machine, with a key too', async () => {
    const { port } = await serve(api());
    for (const headers of [{}, { 'x-api-key': 'key-read' }]) {
      expect((await scrape(port, { host: `rebound.example.com:${port}`, ...headers })).status).toBe(403);
    }
  });
});

describe('GET /metrics anywhere else', () => {
  it('is closed on an address that others can reach, whatever Host says', async () => {
    const { port } = await serve(api(), '0.0.0.0');
    expect((await scrape(port)).status).toBe(401);
    expect((await scrape(port, { host: 'localhost' })).status).toBe(401);
  });

  it('is closed inside of another service, whose address we do not know', async () => {
    const port = await embed(api().app.nodeHandler);
    expect((await scrape(port)).status).toBe(401);
    expect((await scrape(port, { 'x-api-key': 'key-read' })).status).toBe(200);
  });

  it('opens to the scope read and to admin, not to others', async () => {
    const { call } = api();
    expect((await call('GET', '/metrics', { key: null })).status).toBe(401);
    for (const scope of ['read', 'admin']) expect((await call('GET', '/metrics', { key: `key-${scope}` })).status).toBe(200);
    for (const scope of ['produce', 'work', 'operate', 'none']) {
      expect((await problemOf(await call('GET', '/metrics', { key: `key-${scope}` }))).code).toBe('forbidden');
    }
  });

  it('opens to the metrics token, which opens nothing else', async () => {
    const { call } = api(TOKEN);
    expect((await call('GET', '/metrics', { key: TOKEN })).status).toBe(200);
    expect((await call('GET', '/metrics', { key: null, headers: { authorization: `bearer ${TOKEN}` } })).status).toBe(200);
    for (const wrong of [`${TOKEN}x`, TOKEN.slice(1), '', 'undefined']) {
      expect((await call('GET', '/metrics', { key: null, headers: { authorization: `Bearer ${wrong}` } })).status).toBe(401);
    }
    expect((await call('GET', '/pipelines', { key: TOKEN })).status).toBe(401);
  });

  it('has no token that opens it when none is configured', async () => {
    for (const key of ['undefined', 'null', TOKEN]) expect((await api().call('GET', '/metrics', { key })).status).toBe(401);
  });
});
