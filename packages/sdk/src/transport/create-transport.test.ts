import { Agent } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionError, TimeoutError } from '../errors.js';
import { createTransport } from './create-transport.js';
import { localServer } from './local-server.fixture.js';
import { failure, KEY, ping, transportTo } from './transport.fixture.js';

const ok = { json: { ok: true } };

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

  it.each([-1, Number.NaN, 3_600_001])('refuses to repeat for %d ms', (retryForMs) => {
    expect(() => createTransport(() => ({ url: 'http://localhost' }), { retryForMs })).toThrow('retryForMs');
  });

  it('refuses both at once', () => {
    const both = { fetch: () => new Response(), dispatcher: new Agent() };
    expect(() => createTransport(() => ({ url: 'http://localhost' }), both)).toThrow('either fetch or dispatcher');
  });
});
