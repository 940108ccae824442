import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type HttpServer, startHttpServer } from '../../src/http/index.js';
import { type Api, anApi } from './harness.js';

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** Sends a request line as it is, which no URL library would let through. */
function raw(port: number, target: string, headers: string[] = [], method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write([`${method} ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'));
    });
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

const TRICKS = [
  '//pipelines',
  '/pipelines/',
  '/pipelines//1',
  '/Pipelines',
  '/PIPELINES/1',
  '/%70ipelines',
  '/pipelines%2F1',
  '/pipelines%2Fbatch',
  '/health/../pipelines',
  '/health/%2e%2e/pipelines',
  '/docs/..;/pipelines',
  '/docs/../pipelines/1',
  '/health%00',
  '/health.json',
  '/pipelines.json',
  '/pipelines./1',
  '/pipelines;v=1',
  '/health/',
  '/healthz/../api-keys',
  '/openapi.json/../api-keys',
  '/./pipelines',
  '/docs\\..\\pipelines',
  'http://localhost/pipelines',
  'http://localhost/health/../pipelines',
];

describe('path tricks on a real socket', () => {
  let api: Api;

  test.each(TRICKS)('%s gets nobody in without a key', async (target) => {
    api = anApi();
    server = await startHttpServer(api.app, { host: '127.0.0.1', port: 0 });
    const answer = await raw(server.port, target);
    expect(answer).toMatch(/^HTTP\/1\.1 (401|400|422) /);
    expect(api.calls).toEqual([]);
  });

  test.each(TRICKS.filter((target) => target.startsWith('/')))(
    '%s is not one of our paths for a caller with a key',
    async (target) => {
      api = anApi();
      server = await startHttpServer(api.app, { host: '127.0.0.1', port: 0 });
      const answer = await raw(server.port, target, ['X-API-Key: key-admin']);
      expect(answer).toMatch(/^HTTP\/1\.1 (404|400|422) /);
      expect(answer).toContain('application/problem+json');
      expect(api.calls).toEqual([]);
    },
  );
});
