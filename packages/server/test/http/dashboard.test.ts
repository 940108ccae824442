import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { anApi } from './harness.js';

const SCRIPT = 'console.log("dashboard");';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipelogiq-dashboard-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>\n<html>\n<head>\n<title>Pipelogiq</title>\n</head>\n</html>');
  writeFileSync(join(folder, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(folder, 'assets/index-abc.js'), SCRIPT);
  writeFileSync(join(folder, 'assets/index-abc.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(folder, 'assets/index-abc.js.br'), brotliCompressSync(SCRIPT));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dashboard = () => anApi({}, { dashboardFolder: folder });
const get = (path: string, headers: { [name: string]: string } = {}) => dashboard().call('GET', path, { key: null, headers });
const baseOf = async (path: string) => /<base href="([^"]*)">/.exec(await (await get(path)).text())?.[1];

describe('the dashboard', () => {
  test('is reached without a key, by a relative redirect that keeps any mount prefix', async () => {
    const response = await get('/dashboard');
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe('dashboard/');
  });

  test('answers its page for every path that is no file, with a base that leads back to its root', async () => {
    expect(await baseOf('/dashboard/')).toBe('./');
    expect(await baseOf('/dashboard/pipelines')).toBe('./');
    expect(await baseOf('/dashboard/pipelines/42')).toBe('../');
    expect(await baseOf('/dashboard/pipelines/42/stages/')).toBe('../../../');
    expect(await baseOf('/dashboard/handlers/a%2Fb')).toBe('../');
  });

  test('forbids its page all that is not of this origin, and to be framed', async () => {
    const { headers } = await get('/dashboard/');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|nonce|https?:|\*/);
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('sends what was compressed beforehand to who takes it', async () => {
    const path = '/dashboard/assets/index-abc.js';
    const encodings = async (accepted: string) =>
      (await get(path, { 'accept-encoding': accepted })).headers.get('content-encoding');
    expect(await encodings('gzip, deflate, br')).toBe('br');
    expect(await encodings('gzip')).toBe('gzip');
    expect(await encodings('br;q=0, gzip;q=0.5')).toBe('gzip');
    expect(await encodings('identity')).toBe(null);
    const plain = await get(path);
    expect(await plain.text()).toBe(SCRIPT);
    expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(plain.headers.get('vary')).toBe('accept-encoding');
  });

  test('lets files that are named by their contents be kept for ever, and others be asked for again', async () => {
    expect((await get('/dashboard/assets/index-abc.js')).headers.get('cache-control')).toContain('immutable');
    const icon = await get('/dashboard/favicon.svg');
    expect(icon.headers.get('cache-control')).toBe('no-cache');
    const again = await get('/dashboard/favicon.svg', { 'if-none-match': icon.headers.get('etag') ?? '' });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  test('has no other file, whatever a path says', async () => {
    expect((await get('/dashboard/assets/index-old.js')).status).toBe(404);
    for (const path of ['/dashboard/..%2f..%2fpackage.json', '/dashboard/assets%2f..%2f..%2fpackage.json']) {
      expect(await (await get(path)).text()).toContain('<title>Pipelogiq</title>');
    }
    expect((await dashboard().call('POST', '/dashboard/', { key: null })).status).toBe(401);
    expect((await dashboard().call('POST', '/dashboard/', {})).status).toBe(405);
  });

  test('says how to build it where it is not there', async () => {
    const response = await anApi({}, { dashboardFolder: join(folder, 'nothing') }).call('GET', '/dashboard/', { key: null });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run build');
  });

  test('works on a socket: HEAD has the headers of GET, a 304 no length', async () => {
    const server = createServer(dashboard().app.nodeHandler).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address() as { port: number };
    const url = `http://127.0.0.1:${address.port}/dashboard/favicon.svg`;
    const whole = await fetch(url);
    const head = await fetch(url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(whole.headers.get('content-length'));
    expect(await head.text()).toBe('');
    const known = await fetch(url, { headers: { 'if-none-match': whole.headers.get('etag') ?? '' } });
    expect(known.status).toBe(304);
    expect(known.headers.get('content-length')).toBe(null);
  });
});
