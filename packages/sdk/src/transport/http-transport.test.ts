import { inspect } from 'node:util';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AuthenticationError,
  ConflictError,
  ConnectionError,
  LeaseLostError,
  NotFoundError,
  PermissionError,
  PipelogiqError,
  RateLimitedError,
  TimeoutError,
  ValidationError,
} from '../errors.js';
import { createTransport } from './create-transport.js';
import { HttpTransport, type HttpTransportParts } from './http-transport.js';
import { localServer, problem } from './local-server.fixture.js';
import type { TransportRequest } from './transport.js';
import { UndiciSender } from './undici-sender.js';

const KEY = 'plq_top_secret';
const ping = (more: Partial<TransportRequest> = {}): TransportRequest => ({
  method: 'GET',
  path: '/ping',
  retry: 'safe',
  ...more,
});
const ok = { json: { ok: true } };

/** A transport whose waits are written down instead of waited for. */
function transportTo(url: string, parts: Partial<HttpTransportParts> = {}) {
  const waits: number[] = [];
  const transport = new HttpTransport({
    target: () => ({ url, apiKey: KEY }),
    sender: new UndiciSender(),
    shareable: true,
    timeoutMs: 5_000,
    maxAttempts: 4,
    random: () => 1,
    pause: async (delayMs) => void waits.push(delayMs),
    ...parts,
  });
  onTestFinished(() => transport.close());
  return { transport, waits };
}

const failure = async (promise: Promise<unknown>): Promise<PipelogiqError> => {
  const error = await promise.then(
    () => expect.fail('should have failed'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PipelogiqError);
  return error as PipelogiqError;
};

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

describe('repeating', () => {
  it.each([429, 502, 503, 504])('repeats a safe request after %i, with growing waits', async (status) => {
    const server = await localServer((_, nth) => (nth < 4 ? problem(status, 'overloaded') : ok));
    const { transport, waits } = transportTo(server.url);
    expect((await transport.request(ping())).body).toEqual({ ok: true });
    expect(waits).toEqual([200, 400, 800]);
  });

  it.each([400, 401, 403, 404, 409, 413, 422, 500])('does not repeat after %i', async (status) => {
    const server = await localServer(() => problem(status, 'internal'));
    const { transport, waits } = transportTo(server.url);
    expect((await failure(transport.request(ping()))).retryable).toBe(false);
    expect([server.requests.length, waits]).toEqual([1, []]);
  });

  it('repeats after a connection that broke, and after one that was never made', async () => {
    const server = await localServer((_, nth) => (nth === 1 ? (response) => response.destroy() : ok));
    const { transport, waits } = transportTo(server.url);
    await transport.request(ping());
    expect([server.requests.length, waits]).toEqual([2, [200]]);

    await server.stop();
    const error = await failure(transport.request(ping({ maxAttempts: 3 })));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(waits).toEqual([200, 200, 400]);
  });

  it('never repeats a request that says so', async () => {
    const server = await localServer((_, nth) => (nth === 1 ? (response) => response.destroy() : problem(503, 'overloaded')));
    const { transport, waits } = transportTo(server.url);
    await failure(transport.request(ping({ retry: 'never' })));
    const error = await failure(transport.request(ping({ retry: 'never', maxAttempts: 9 })));
    expect(error).toMatchObject({ code: 'overloaded', retryable: true });
    expect([server.requests.length, waits]).toEqual([2, []]);
  });

  it('gives up after its attempts and throws the last error', async () => {
    const server = await localServer((_, nth) => problem(503, 'overloaded', { requestId: `req-${nth}` }));
    const { transport } = transportTo(server.url);
    expect(await failure(transport.request(ping()))).toMatchObject({ status: 503, requestId: 'req-4', retryable: true });
    expect(server.requests.length).toBe(4);
  });
});

describe('Retry-After', () => {
  const once = (reply: Parameters<typeof localServer>[0]) => localServer((r, nth) => (nth === 1 ? reply(r, nth) : ok));

  it('waits the seconds that the header names, plus jitter', async () => {
    const server = await once(() => ({ status: 503, headers: { 'retry-after': '7' }, text: 'busy' }));
    const { transport, waits } = transportTo(server.url);
    await transport.request(ping());
    expect(waits).toEqual([7_200]);
  });

  it('reads a date against the date of the answer, not against the own clock', async () => {
    const headers = { date: 'Fri, 20 Nov 2026 08:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 08:00:03 GMT' };
    const server = await once(() => ({ status: 429, headers, text: '' }));
    const { transport, waits } = transportTo(server.url, { now: () => 0 });
    await transport.request(ping());
    expect(waits).toEqual([3_200]);
  });

  it('prefers the milliseconds of the problem', async () => {
    const server = await once(() => ({
      ...(problem(503, 'overloaded', { retryAfterMs: 250 }) as object),
      headers: { 'retry-after': '1' },
    }));
    const { transport, waits } = transportTo(server.url);
    await transport.request(ping());
    expect(waits).toEqual([450]);
  });

  it('leaves a pause of more than a minute to the caller', async () => {
    const server = await localServer(() => problem(429, 'overloaded', { retryAfterMs: 61_000 }));
    const { transport } = transportTo(server.url);
    expect(await failure(transport.request(ping()))).toMatchObject({ retryAfterMs: 61_000 });
    expect(server.requests.length).toBe(1);
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

describe('injected transports', () => {
  it('sends through a fetch and keeps other threads away from it', async () => {
    const seen: Request[] = [];
    const fetch = (request: Request) => {
      seen.push(request);
      return Response.json({ ok: true });
    };
    const transport = createTransport(() => ({ url: 'http://localhost' }), { fetch });
    expect((await transport.request(ping({ method: 'POST', body: { a: 1 } }))).body).toEqual({ ok: true });
    expect(seen[0]?.url).toBe('http://localhost/ping');
    expect(seen[0]?.headers.get('authorization')).toBeNull();
    expect(transport.threadTarget).toBeUndefined();
  });

  it('times out a fetch that ignores its signal', async () => {
    const transport = createTransport(() => ({ url: 'http://localhost' }), { fetch: () => new Promise(() => {}) });
    const error = await failure(transport.request(ping({ timeoutMs: 10, maxAttempts: 1 })));
    expect(error).toBeInstanceOf(TimeoutError);
  });

  it('wraps what a fetch throws', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('socket hang up') }));
    const transport = createTransport(() => ({ url: 'http://localhost' }), { fetch });
    const error = await failure(transport.request(ping({ maxAttempts: 1 })));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toContain('socket hang up');
  });

  it('sends through a dispatcher and leaves it open', async () => {
    const server = await localServer(() => ok);
    const dispatcher = new Agent();
    onTestFinished(() => dispatcher.close());
    const transport = createTransport(() => ({ url: server.url, apiKey: KEY }), { dispatcher });
    await transport.request(ping());
    await transport.close();
    expect(dispatcher.closed).toBe(false);
    expect(transport.threadTarget).toBeUndefined();
  });

  it('tells a heartbeat thread where to go when it sends on its own', () => {
    const { transport } = transportTo('http://127.0.0.1:9/base/');
    expect(transport.threadTarget).toMatchObject({
      url: 'http://127.0.0.1:9/base',
      headers: { authorization: `Bearer ${KEY}`, 'pipelogiq-protocol': '1.0' },
    });
  });

  it('refuses both at once', () => {
    const both = { fetch: () => new Response(), dispatcher: new Agent() };
    expect(() => createTransport(() => ({ url: 'http://localhost' }), both)).toThrow('either fetch or dispatcher');
  });
});
