import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { type Api, anApi, aPipeline } from './harness.js';
import { closeAll, embed, post, send, serve } from './sockets.js';

afterEach(closeAll);

describe('the Host header on a loopback address', () => {
  const get = (port: number, host: string, path = '/health') => send({ port, path, headers: { host } });

  test.each(['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]:8080', 'LOCALHOST'])('may be %s', async (host) => {
    const { port } = await serve(anApi());
    expect((await get(port, host)).status).toBe(200);
  });

  test.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'localhost@evil.example',
    '192.168.0.1',
  ])('may not be %s, on open routes neither', async (host) => {
    const { port } = await serve(anApi());
    const { status, text } = await get(port, host);
    expect([403, 422]).toContain(status);
    expect(text).toMatch(/host_not_allowed|invalid_request/);
  });

  test('is checked on a server that listens on localhost by name', async () => {
    const { port } = await serve(anApi(), 'localhost');
    expect((await send({ host: 'localhost', port, path: '/health', headers: { host: 'evil.example' } })).status).toBe(403);
  });

  test('is free where the server listens elsewhere, and in an embedding service', async () => {
    const open = await serve(anApi(), '0.0.0.0');
    expect((await get(open.port, 'pipelogiq.example')).status).toBe(200);
    const port = await embed(anApi().app.nodeHandler);
    expect((await get(port, 'pipelogiq.example')).status).toBe(200);
  });
});

describe('mounted under a prefix, as Express does it', () => {
  type Cut = IncomingMessage & { originalUrl?: string; body?: unknown };
  const mount = (api: Api, parse = false) =>
    embed(async (req: Cut, res) => {
      req.originalUrl = req.url ?? '';
      req.url = req.originalUrl.replace(/^\/ops\/pipelogiq(?=[/?]|$)/, '');
      if (!req.url.startsWith('/')) req.url = `/${req.url}`;
      if (parse) {
        const chunks: Buffer[] = [];
        for await (const chunk of req) chunks.push(chunk);
        req.body = JSON.parse(Buffer.concat(chunks).toString() || '{}');
      }
      api.app.nodeHandler(req, res);
    });

  test('serves its routes, with links that lead back under it', async () => {
    const port = await mount(anApi());
    const base = `http://127.0.0.1:${port}/ops/pipelogiq`;
    expect((await post(`${base}/pipelines`, aPipeline)).status).toBe(201);
    const index = (await (await fetch(base)).json()) as { links: { docs: string } };
    expect(index.links.docs).toBe('/ops/pipelogiq/docs');
    const openapi = (await (await fetch(`${base}/openapi.json`)).json()) as { servers: unknown };
    expect(openapi.servers).toEqual([{ url: '/ops/pipelogiq' }]);
    expect((await fetch(`${base}/pipelines`)).status).toBe(401);
  });

  test('works behind a body parser that has read the body already', async () => {
    const api = anApi();
    const port = await mount(api, true);
    expect((await post(`http://127.0.0.1:${port}/ops/pipelogiq/pipelines`, aPipeline)).status).toBe(201);
    expect(api.calls[0]?.args[1]).toEqual([aPipeline]);
  });
});
