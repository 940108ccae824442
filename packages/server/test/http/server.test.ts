import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { startHttpServer } from '../../src/http/index.js';
import { anApi, aPipeline, aPull } from './harness.js';
import { closeAll, deferred, HEADERS, post, send, serve } from './sockets.js';

afterEach(closeAll);

describe('on a real socket', () => {
  test('serves requests with their length and keeps the connection', async () => {
    const { url } = await serve(anApi());
    const response = await post(`${url}/pipelines`, aPipeline);
    expect(response.status).toBe(201);
    expect(response.headers.get('content-length')).toBe(String((await response.text()).length));
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(response.headers.get('connection')).toBe('keep-alive');
  });

  test('leaves the global Request and Response alone', async () => {
    const before = [globalThis.Request, globalThis.Response];
    const { url } = await serve(anApi());
    await fetch(`${url}/health`);
    expect([globalThis.Request, globalThis.Response]).toEqual(before);
  });

  test('answers 204 without a body and HEAD with the length of GET', async () => {
    const { url, port } = await serve(anApi());
    const shutdown = await post(`${url}/workers/shutdown`, { workerId: '7' });
    expect([shutdown.status, shutdown.headers.get('content-length')]).toEqual([204, null]);
    const head = await send({ port, path: '/version', method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
  });

  test('refuses a body that turns out too large while it streams, without reading it all', async () => {
    const { port } = await serve(anApi());
    const request = httpRequest({ host: '127.0.0.1', port, path: '/pipelines', method: 'POST', headers: HEADERS });
    request.on('error', () => {}); // the server may close while we still write
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const megabyte = Buffer.alloc(1 << 20, 0x20);
    request.write(megabyte);
    request.write(megabyte);
    const [response] = await answered;
    expect(response.statusCode).toBe(413);
    response.resume();
    request.destroy();
  });

  test('refuses by Content-Length before a byte of the body is sent', async () => {
    const { port } = await serve(anApi());
    const headers = { ...HEADERS, 'content-length': String(64 << 20) };
    const request = httpRequest({ host: '127.0.0.1', port, path: '/pipelines', method: 'POST', headers });
    request.on('error', () => {});
    request.flushHeaders();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    response.resume();
    request.destroy();
  });

  test('serves the next request after a caller left in the middle of a body', async () => {
    const api = anApi();
    const { port, url } = await serve(api);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /pipelines HTTP/1.1\r\nHost: localhost\r\nX-API-Key: key-admin\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name"',
    );
    socket.destroy();
    expect((await post(`${url}/pipelines`, aPipeline)).status).toBe(201);
    expect(api.calls).toHaveLength(1);
    expect(api.logged).toEqual([]);
  });
});

describe('the signal of a pull and of a wait', () => {
  test.each([
    ['pull', (url: string, signal: AbortSignal) => post(`${url}/jobs/pull`, { ...aPull, waitMs: 30_000 }, { signal })],
    ['wait', (url: string, signal: AbortSignal) => fetch(`${url}/pipelines/1/wait`, { headers: HEADERS, signal })],
  ])('aborts when the caller of a %s goes away', async (_, start) => {
    const asked = deferred<AbortSignal>();
    const hang = (signal: AbortSignal) => {
      asked.resolve(signal);
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('gone'))));
    };
    const api = anApi({
      jobs: { pull: async (_, __, signal) => hang(signal) },
      pipelines: { wait: async (_, __, ___, signal) => hang(signal) },
    });
    const { url } = await serve(api);
    const caller = new AbortController();
    const answer = start(url, caller.signal).catch((error: Error) => error.name);
    const signal = await asked.promise;
    expect(signal.aborted).toBe(false);
    const aborted = once(signal, 'abort');
    caller.abort();
    await aborted;
    expect(await answer).toBe('AbortError');
    expect(api.logged.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  test('does not abort when the answer was sent', async () => {
    let seen: AbortSignal | undefined;
    const api = anApi({
      jobs: {
        pull: async (_, __, signal) => {
          seen = signal;
          return { jobs: [] };
        },
      },
    });
    const server = await serve(api);
    await (await post(`${server.url}/jobs/pull`, aPull)).text();
    await server.close();
    expect(seen?.aborted).toBe(false);
  });

  test('is the one of the request for a call in this process', async () => {
    const caller = new AbortController();
    const asked = deferred<void>();
    const api = anApi({
      jobs: {
        pull: (_, __, signal) => {
          asked.resolve();
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ jobs: [] })));
        },
      },
    });
    const answer = api.call('POST', '/jobs/pull', { body: aPull, signal: caller.signal });
    await asked.promise;
    caller.abort();
    expect((await answer).status).toBe(200);
  });
});

describe('startHttpServer', () => {
  test('names its address', async () => {
    const { url, port } = await serve(anApi());
    expect(url).toBe(`http://127.0.0.1:${port}`);
  });

  test('rejects in one line when the port is taken', async () => {
    const { port } = await serve(anApi());
    const second = startHttpServer(anApi().app, { host: '127.0.0.1', port });
    await expect(second).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `127.0.0.1:${port} is taken by another program; choose another port.`,
    });
  });

  test('rejects an address of another machine in one line', async () => {
    await expect(startHttpServer(anApi().app, { host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      message: expect.stringMatching(/^[^\n]+$/),
    });
  });

  test('closes at once when connections are only idle', async () => {
    const server = await serve(anApi());
    await (await fetch(`${server.url}/health`)).text(); // leaves a keep-alive connection behind
    await server.close();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  test('does not wait for connections that never sent a request', async () => {
    const server = await serve(anApi());
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    await (await fetch(`${server.url}/health`)).text(); // so that the server has seen the connection before
    const ended = once(socket.resume(), 'close');
    await server.close();
    await ended;
  });

  test('waits for an answer under way, then closes its connection', async () => {
    const asked = deferred<void>();
    const go = deferred<{ jobs: [] }>();
    const api = anApi({
      jobs: {
        pull: () => {
          asked.resolve();
          return go.promise;
        },
      },
    });
    const server = await serve(api);
    const answer = post(`${server.url}/jobs/pull`, aPull);
    await asked.promise;
    const closed = server.close();
    go.resolve({ jobs: [] });
    expect(await (await answer).json()).toEqual({ jobs: [] });
    await closed;
    expect(server.close()).toBe(server.close());
  });
});
