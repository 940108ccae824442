import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DomainError } from '../../src/domain/errors.js';
import type { EventOutlet } from '../../src/domain/event/stream.js';
import type { EventQuery } from '../../src/domain/use-cases.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { type Api, anApi, problemOf } from './harness.js';
import { closeAll, deferred, embed, send, serve } from './sockets.js';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy(); // a server waits for its streams
  await closeAll();
});

/** An API whose subscriptions the test holds in its hands. */
function subscribed(overrides: Parameters<typeof anApi>[0] = {}, deps: Parameters<typeof anApi>[1] = {}) {
  const opened = deferred<EventOutlet>();
  const closed = deferred<void>();
  const queries: EventQuery[] = [];
  let closes = 0;
  const api = anApi(
    {
      ...overrides,
      events: {
        subscribe: async (_caller, query) => {
          queries.push(query);
          return {
            open: (outlet) => opened.resolve(outlet),
            close: () => {
              closes += 1;
              closed.resolve();
            },
          };
        },
      },
    },
    deps,
  );
  return { api, opened: opened.promise, closed: closed.promise, queries, closes: () => closes };
}

const event = (index: number) => ({ cursor: `c${index}`, type: 'stage_ready' as const, data: `{"n":${index}}` });
const REQUEST = 'GET /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer key-read\r\n';

/** A connection that has asked for a stream; `text` is what came back so far. */
async function rawStream(port: number, headers = ''): Promise<{ socket: Socket; has(part: string): Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'connect');
  socket.write(`${REQUEST}${headers}\r\n`);
  return {
    socket,
    has: async (part) => {
      while (!text.includes(part)) await once(socket, 'data');
      return text;
    },
  };
}

/** Bodies of HTTP/1.1 chunks, put together. */
function unchunked(text: string): string {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (let size = Number.parseInt(rest, 16); size > 0; size = Number.parseInt(rest, 16)) {
    const start = rest.indexOf('\r\n') + 2;
    body += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
  return body;
}

describe('GET /events over a socket', () => {
  test('sends server-sent events, in blocks of fields', async () => {
    const { api, opened, queries } = subscribed();
    const { port } = await serve(api);
    const { has } = await rawStream(port, 'Last-Event-ID: before\r\n');
    const outlet = await opened;
    outlet.mark('c0');
    outlet.send([event(1), event(2)]);
    outlet.end('over');
    const text = await has('0\r\n\r\n');
    const head = text.slice(0, text.indexOf('\r\n\r\n')).toLowerCase();
    expect(head).toMatch(/^http\/1.1 200/);
    expect(head).toContain('content-type: text/event-stream; charset=utf-8');
    expect(head).toContain('x-accel-buffering: no');
    expect(head).toContain('cache-control: no-store, no-transform');
    expect(head).toMatch(/x-request-id: [0-9a-f]{32}/);
    expect(head).not.toContain('content-length');
    expect(unchunked(text)).toBe(
      [
        'retry: 1000\n\n',
        ': heartbeat\nid: c0\n\n',
        'id: c1\nevent: stage_ready\ndata: {"n":1}\n\n',
        'id: c2\nevent: stage_ready\ndata: {"n":2}\n\n',
        ': over\n\n',
      ].join(''),
    );
    expect(queries).toEqual([{ pipelineId: undefined, types: undefined, lastEventId: 'before' }]);
  });

  test('sends its headers before anything happens', async () => {
    const { api } = subscribed();
    const { port } = await serve(api);
    await (await rawStream(port)).has('retry: 1000');
  });

  test('ends the subscription when the reader goes', async () => {
    const { api, opened, closed, closes } = subscribed();
    const { port } = await serve(api);
    const { socket } = await rawStream(port);
    const outlet = await opened;
    socket.destroy();
    await closed;
    outlet.send([event(1)]); // the feed may be a moment behind
    outlet.end('over');
    await outlet.drained();
    expect(closes()).toBe(1);
  });

  test('tells how much waits for a reader that takes nothing, and cuts it off after its end', async () => {
    const clock = new ManualClock();
    const { api, opened, closed } = subscribed({}, { clock });
    const { port } = await serve(api);
    const { socket, has } = await rawStream(port);
    await has('retry');
    socket.pause();
    const outlet = await opened;
    const big = { ...event(1), data: JSON.stringify('x'.repeat(1 << 20)) };
    for (let sent = 0; sent < 64 && outlet.waiting < 8 << 20; sent++) {
      outlet.send([big]);
      await new Promise(setImmediate);
    }
    expect(outlet.waiting).toBeGreaterThanOrEqual(8 << 20);
    const drained = outlet.drained();
    outlet.end('too slow');
    await clock.advance(2_000, async () => {});
    await Promise.all([closed, drained]);
  });

  test('waits until the reader has taken what was sent', async () => {
    const { api, opened } = subscribed();
    const { port } = await serve(api);
    const { socket, has } = await rawStream(port);
    await has('retry');
    socket.pause();
    const outlet = await opened;
    await outlet.drained();
    for (let sent = 0; sent < 32; sent++) outlet.send([{ ...event(sent), data: JSON.stringify('x'.repeat(1 << 20)) }]);
    let isDrained = false;
    const drained = outlet.drained().then(() => {
      isDrained = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    socket.resume();
    await drained;
    expect(outlet.waiting).toBeLessThan(1 << 20);
  });

  test('answers HEAD with the headers alone, and keeps no subscription', async () => {
    const { api, closed } = subscribed();
    const { port } = await serve(api);
    const head = await send({ port, path: '/events', method: 'HEAD', headers: { 'x-api-key': 'key-read' } });
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'text/event-stream; charset=utf-8', '']);
    await closed;
  });

  test('works through a handler in somebody else’s server', async () => {
    const { api, opened } = subscribed();
    const port = await embed(api.app.nodeHandler);
    const { has } = await rawStream(port);
    (await opened).send([event(7)]);
    await has('data: {"n":7}');
  });

  test('lets the server close as soon as the stream has ended', async () => {
    const { api, opened } = subscribed();
    const server = await serve(api);
    const { has } = await rawStream(server.port);
    await has('retry');
    const closed = server.close();
    (await opened).end('the server is shutting down');
    await closed;
  });
});

describe('GET /events in this process', () => {
  const streamOf = async ({ api }: { api: Api }, init: Parameters<Api['call']>[2] = {}) => api.call('GET', '/events', init);

  test('is a body that is written as things happen', async () => {
    const subscription = subscribed();
    const response = await streamOf(subscription);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body?.getReader();
    const read = async () => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toBe('retry: 1000\n\n');
    const outlet = await subscription.opened;
    outlet.send([event(1)]);
    expect(outlet.waiting).toBe(Buffer.byteLength('id: c1\nevent: stage_ready\ndata: {"n":1}\n\n'));
    const drained = outlet.drained();
    expect(await read()).toContain('"n":1');
    const next = read();
    await drained;
    outlet.end('over');
    expect(await next).toBe(': over\n\n');
    expect(await reader?.read()).toEqual({ done: true, value: undefined });
    await subscription.closed;
  });

  test('ends the subscription when the reader cancels', async () => {
    const subscription = subscribed();
    await (await streamOf(subscription)).body?.cancel();
    await subscription.closed;
  });

  test('ends the subscription and the body when the call is aborted', async () => {
    const subscription = subscribed();
    const abort = new AbortController();
    const response = await streamOf(subscription, { signal: abort.signal });
    const text = response.text();
    abort.abort(new Error('enough'));
    await expect(text).rejects.toThrow('enough');
    await subscription.closed;
  });

  test('has no body for HEAD, and keeps no subscription', async () => {
    const subscription = subscribed();
    const response = await subscription.api.call('HEAD', '/events');
    expect([response.status, await response.text()]).toEqual([200, '']);
    await subscription.closed;
  });
});

describe('who may read a stream', () => {
  test('is asked again with every heartbeat', async () => {
    let valid = true;
    const authenticate = async () =>
      valid ? { keyId: '1', applicationId: 1, application: 'shop', scopes: new Set(['read'] as const) } : undefined;
    const { api, opened, closed } = subscribed({ accounts: { authenticate } });
    const response = await api.call('GET', '/events');
    const outlet = await opened;
    outlet.mark('c1');
    valid = false;
    outlet.mark('c2');
    expect(await response.text()).toMatch(/c2\n\n: the key may not read any more\n\n$/);
    await closed;
  });

  // Seen to fail: who lost the role in one application and had another still read what happened in the first.
  test('ends when who reads it is in another application by now', async () => {
    let application = 'shop';
    const authenticate = async () => ({
      keyId: '1',
      applicationId: application === 'shop' ? 1 : 2,
      application,
      scopes: new Set(['read'] as const),
    });
    const { api, opened, closed } = subscribed({ accounts: { authenticate } });
    const response = await api.call('GET', '/events');
    const outlet = await opened;
    outlet.mark('c1');
    await new Promise(setImmediate);
    application = 'depot';
    outlet.mark('c2');
    expect(await response.text()).toMatch(/c2\n\n: the key may not read any more\n\n$/);
    await closed;
  });

  test('is let be when that cannot be found out', async () => {
    let calls = 0;
    const authenticate = async () => {
      calls += 1;
      if (calls > 1) throw new Error('the database is away');
      return { keyId: '1', applicationId: 1, application: 'shop', scopes: new Set(['read'] as const) };
    };
    const { api, opened } = subscribed({ accounts: { authenticate } });
    const response = await api.call('GET', '/events');
    const outlet = await opened;
    outlet.mark('c1');
    await new Promise(setImmediate);
    outlet.end('over');
    expect(await response.text()).toMatch(/c1\n\n: over\n\n$/);
  });

  test('gets the refusals of the use case as problems', async () => {
    const refuse = () => Promise.reject(new DomainError('overloaded', 'Too many.', { retryAfterMs: 5_000 }));
    const response = await anApi({ events: { subscribe: refuse } }).call('GET', '/events');
    expect(await problemOf(response)).toMatchObject({ status: 503, code: 'overloaded' });
  });
});

test('a long Last-Event-ID is cut, an empty one is none', async () => {
  const { api, queries } = subscribed();
  for (const id of ['x'.repeat(5_000), '']) {
    await (await api.call('GET', '/events', { headers: { 'last-event-id': id } })).body?.cancel();
  }
  expect(queries.map(({ lastEventId }) => lastEventId?.length)).toEqual([256, undefined]);
});
