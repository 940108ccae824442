import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AuthenticationError,
  ConflictError,
  LeaseLostError,
  NotFoundError,
  PermissionError,
  PipelogiqError,
  RateLimitedError,
  TimeoutError,
  ValidationError,
} from '../errors.js';
import { createTransport } from './create-transport.js';
import { localServer, problem } from './local-server.fixture.js';
import { failure, KEY, ping, transportTo } from './transport.fixture.js';

const ok = { json: { ok: true } };

describe('what a request carries', () => {
  it('authenticates, names its protocol and version, and sends JSON below the mount prefix', async () => {
    const server = await localServer(() => ({ status: 201, headers: { 'x-request-id': 'r' }, json: { id: '1' } }));
    const { transport } = transportTo(`${server.url}/jobs-api/`);
    const request = { method: 'POST', path: '/pipelines', query: { a: 1, b: undefined, c: 'x y' }, retry: 'never' } as const;
    const answer = await transport.request<{ id: string }>({ ...request, body: { name: 'é' }, headers: { 'x-own': '1' } });

    expect(answer).toMatchObject({ status: 201, body: { id: '1' }, headers: { 'x-request-id': 'r' } });
    const [received] = server.requests;
    expect(received).toMatchObject({ method: 'POST', path: '/jobs-api/pipelines', body: { name: 'é' } });
    expect(`${received?.query}`).toBe('a=1&c=x+y');
    expect(received?.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'pipelogiq-protocol': '1.0',
      'content-type': 'application/json',
      'x-own': '1',
    });
    expect(received?.headers['user-agent']).toMatch(/^pipelogiq-sdk\/\d+\.\d+\.\d+ node\/\d+/);
  });

  it('sends a string body as the JSON that it is', async () => {
    const server = await localServer(() => ok);
    await transportTo(server.url).transport.request(ping({ method: 'POST', body: '{"a":1}' }));
    expect(server.requests[0]?.body).toEqual({ a: 1 });
  });

  it('answers undefined when there is no body', async () => {
    const server = await localServer(() => ({ status: 204 }));
    expect(await transportTo(server.url).transport.request(ping())).toMatchObject({ status: 204, body: undefined });
  });

  it('looks for credentials with the first request, once', async () => {
    const server = await localServer(() => ok);
    let lookups = 0;
    const target = () => ({ url: server.url, apiKey: `${KEY}${++lookups}` });
    const { transport } = transportTo(server.url, { target });
    expect(lookups).toBe(0);
    await transport.request(ping());
    await transport.request(ping());
    expect(lookups).toBe(1);
  });
});

describe('time and abort', () => {
  it('times each attempt out, and repeats it', async () => {
    const server = await localServer((_, nth) => (nth === 1 ? () => {} : ok));
    const { transport, waits } = transportTo(server.url);
    await transport.request(ping({ timeoutMs: 40 }));
    expect(waits).toEqual([200]);
  });

  it('counts the body into the time', async () => {
    const server = await localServer(() => (response) => response.writeHead(200).write('{'));
    const { transport } = transportTo(server.url);
    const error = await failure(transport.request(ping({ timeoutMs: 40, retry: 'never' })));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.message).toMatch(/^GET \/ping at http:\/\/127.0.0.1:\d+ had no complete answer after 40 ms\.$/);
  });

  it("rejects with the signal's reason, in flight and before, without a repeat", async () => {
    const abort = new AbortController();
    const server = await localServer(() => () => abort.abort(new Error('not needed any more')));
    const { transport, waits } = transportTo(server.url);
    await expect(transport.request(ping({ signal: abort.signal }))).rejects.toThrow('not needed any more');
    await expect(transport.request(ping({ signal: abort.signal }))).rejects.toThrow('not needed any more');
    expect([server.requests.length, waits]).toEqual([1, []]);
  });

  it('stops waiting between attempts when the signal fires', async () => {
    const abort = new AbortController();
    const server = await localServer(() => problem(503, 'overloaded', { retryAfterMs: 60_000 }));
    const transport = createTransport(() => ({ url: server.url, apiKey: KEY }), {});
    onTestFinished(() => transport.close());
    const request = transport.request(ping({ signal: abort.signal }));
    setImmediate(() => abort.abort(new Error('enough')));
    await expect(request).rejects.toThrow('enough');
  });

  it('refuses requests after close', async () => {
    const server = await localServer(() => ok);
    const { transport } = transportTo(server.url);
    await transport.request(ping());
    await transport.close();
    expect(await failure(transport.request(ping()))).toMatchObject({ code: 'client_closed', retryable: false });
  });
});

describe('errors', () => {
  it.each([
    [400, 'invalid_request', ValidationError],
    [401, 'unauthenticated', AuthenticationError],
    [403, 'forbidden', PermissionError],
    [404, 'not_found', NotFoundError],
    [409, 'idempotency_conflict', ConflictError],
    [409, 'lease_lost', LeaseLostError],
    [413, 'payload_too_large', ValidationError],
    [422, 'invalid_pipeline', ValidationError],
    [429, 'overloaded', RateLimitedError],
    [500, 'internal', PipelogiqError],
  ] as const)('turns %i %s into its class', async (status, code, type) => {
    const server = await localServer(() => problem(status, code, { errors: [{ path: 'name', message: 'is missing' }] }));
    const error = await failure(transportTo(server.url, { maxAttempts: 1 }).transport.request(ping()));
    expect(error.constructor).toBe(type);
    expect(error.name).toBe(type === PipelogiqError ? 'PipelogiqError' : type.name);
    expect(error).toMatchObject({ code, status, requestId: 'req-1', message: `Detail of ${code}.` });
    expect(error.errors).toEqual([{ path: 'name', message: 'is missing' }]);
  });

  it('copes with answers of something else than a control plane', async () => {
    const server = await localServer((_, nth) => ({
      status: nth === 1 ? 200 : 502,
      text: '<html>',
      headers: { 'x-request-id': 'p' },
    }));
    const { transport } = transportTo(server.url, { maxAttempts: 1 });
    expect(await failure(transport.request(ping()))).toMatchObject({ code: 'unexpected_response', status: 200, requestId: 'p' });
    expect(await failure(transport.request(ping()))).toMatchObject({ code: 'unexpected_response', status: 502, retryable: true });
  });

  it('says where it tried to connect and how to start a server', async () => {
    const server = await localServer(() => ok);
    await server.stop();
    const { transport } = transportTo(server.url, { maxAttempts: 1 });
    const { message } = await failure(transport.request(ping()));
    expect(message).toBe(
      `Cannot reach a Pipelogiq server at ${server.url} (ECONNREFUSED). Is it running? Start one with: npx @pipelogiq/server dev`,
    );
  });

  it('never shows the key', async () => {
    const server = await localServer((_, nth) =>
      nth === 1 ? (response) => response.destroy() : problem(401, 'unauthenticated'),
    );
    const { transport } = transportTo(server.url, { maxAttempts: 1 });
    const errors = [await failure(transport.request(ping())), await failure(transport.request(ping()))];
    for (const shown of [...errors, transport]) {
      expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain('top_secret');
      expect(JSON.stringify(shown)).not.toContain('top_secret');
    }
  });
});
