import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ConnectionError } from '../errors.js';
import { localServer, problem } from './local-server.fixture.js';
import { failure, ping, transportTo } from './transport.fixture.js';

const ok = { json: { ok: true } };

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

  it('says once an outage what it waits for', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warning.mockRestore());
    const server = await localServer((_, nth) => (nth === 3 ? ok : (response) => response.destroy()));
    const { transport } = transportTo(server.url);
    await transport.request(ping());
    expect(warning.mock.calls).toEqual([
      [
        expect.stringMatching(`^waiting for ${server.url}, for up to 120 s: `),
        { type: 'PipelogiqWarning', code: 'PIPELOGIQ_WAITING' },
      ],
    ]);
    await server.stop();
    await failure(transport.request(ping()));
    await failure(transport.request(ping()));
    expect(warning).toHaveBeenCalledTimes(2);
    expect(warning.mock.calls[1]?.[0]).toMatch(/Cannot reach a Pipelogiq server .* Is it running\?/);
  });

  it('repeats for as long as it may, counted from the first failure, and until then however often', async () => {
    let time = 0;
    const server = await localServer(() => {
      time += 25_000; // a long poll that breaks: it has not failed for so long
      return (response) => response.destroy();
    });
    const parts = { maxAttempts: Number.POSITIVE_INFINITY, retryForMs: 60_000, elapsed: () => time };
    const { transport, waits } = transportTo(server.url, parts);
    await failure(transport.request(ping()));
    expect(server.requests.length).toBe(4); // at 25, 50, 75 and 100 s
    expect(waits).toEqual([200, 400, 800]);
  });

  it('ends with the caller, also between two attempts', async () => {
    const server = await localServer(() => problem(503, 'overloaded'));
    const caller = new AbortController();
    const pause = async () => caller.abort(new Error('enough'));
    const { transport } = transportTo(server.url, { pause });
    await expect(transport.request(ping({ signal: caller.signal }))).rejects.toThrow('enough');
    expect(server.requests.length).toBe(1);
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
