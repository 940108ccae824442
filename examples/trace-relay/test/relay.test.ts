import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Call } from '../src/calls.js';
import { startTracing } from '../src/otel.js';
import { openRelay, type Relay } from '../src/relay.js';

const TRACE_ID = '12345678901234567890123456789012';
const PARENT = '1234567890123456';
const TRACEPARENT = `00-${TRACE_ID}-${PARENT}-01`;

let relay: Relay;
let tracing: Awaited<ReturnType<typeof startTracing>>;
beforeAll(async () => {
  tracing = await startTracing();
  relay = await openRelay({ port: 0 });
});
afterAll(async () => {
  await relay?.close();
  await tracing?.shutdown();
});

/** Somebody who is called, and remembers the headers. */
async function aCallee() {
  const received: { headers: IncomingHttpHeaders; body: string }[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, received };
}

/** Raw names and values, so that a header can come twice. */
async function post(body: unknown, headers: [string, string][] = []): Promise<number> {
  const raw = ['host', 'relay', 'content-type', 'application/json', ...headers.flat()];
  const request = send(`${relay.url}/test`, { method: 'POST', headers: raw }).end(JSON.stringify(body));
  const [answer] = await once(request, 'response');
  await text(answer);
  return answer.statusCode;
}

/** The headers with which one callee was called. */
async function relayed(
  headers: [string, string][],
): Promise<{ traceId: string; spanId: string; flags: string; tracestate?: string }> {
  const callee = await aCallee();
  expect(await post([{ url: callee.url, arguments: [] }], headers)).toBe(200);
  const [only] = callee.received;
  expect(callee.received).toHaveLength(1);
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(String(only?.headers.traceparent));
  if (!match) throw new Error(`no valid traceparent: ${only?.headers.traceparent}`);
  const [, traceId = '', spanId = '', flags = ''] = match;
  const tracestate = only?.headers.tracestate;
  return { traceId, spanId, flags, ...(tracestate !== undefined && { tracestate: String(tracestate) }) };
}

// From the rules of W3C Trace Context, https://www.w3.org/TR/trace-context/
describe('the trace of a request', () => {
  it('goes on under the same id and another parent', async () => {
    const { traceId, spanId, flags } = await relayed([['TraceParent', TRACEPARENT]]);
    expect([traceId, flags]).toEqual([TRACE_ID, '01']);
    expect(spanId).not.toBe(PARENT);
  });

  it('begins when there was none, or when it is not valid', async () => {
    for (const bad of [
      undefined,
      'nonsense',
      `ff-${TRACE_ID}-${PARENT}-01`,
      `00-${'0'.repeat(32)}-${PARENT}-01`,
      `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
      `00-${TRACE_ID}-${PARENT}-01-extra`,
      `00-${TRACE_ID.replace('1', 'A')}-${PARENT}-01`,
    ]) {
      const { traceId, tracestate } = await relayed([
        ...(bad ? [['traceparent', bad] as [string, string]] : []),
        ['tracestate', 'a=1'],
      ]);
      expect([bad, traceId === TRACE_ID, tracestate]).toEqual([bad, false, undefined]);
    }
  });

  it('begins when two of them came', async () => {
    const other = `00-${TRACE_ID.replace('1', '2')}-${PARENT}-01`;
    expect(
      (
        await relayed([
          ['traceparent', TRACEPARENT],
          ['traceparent', other],
        ])
      ).traceId,
    ).not.toMatch(/^[12]2345678901234567890123456789012$/);
  });

  it('goes on from a later version, with the flags that are known', async () => {
    expect(await relayed([['traceparent', `cc-${TRACE_ID}-${PARENT}-01-what-comes`]])).toMatchObject({
      traceId: TRACE_ID,
      flags: '01',
    });
  });

  it('stays unsampled', async () => {
    expect(await relayed([['traceparent', `00-${TRACE_ID}-${PARENT}-00`]])).toMatchObject({ traceId: TRACE_ID, flags: '00' });
  });

  it('takes the tracestate along, several headers as one list in order', async () => {
    const { tracestate } = await relayed([
      ['traceparent', TRACEPARENT],
      ['tracestate', 'a=1, b=2'],
      ['tracestate', 'c=3'],
    ]);
    expect(tracestate).toBe('a=1,b=2,c=3');
  });

  it('goes on without a tracestate that is not valid', async () => {
    for (const bad of ['a=1,a=2', 'A=1', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')]) {
      expect(
        await relayed([
          ['traceparent', TRACEPARENT],
          ['tracestate', bad],
        ]),
      ).toEqual({
        traceId: TRACE_ID,
        spanId: expect.any(String),
        flags: '01',
      });
    }
  });
});

describe('the relay', () => {
  it('calls everybody on the list in one trace, each from a span of its own, and hands on the arguments', async () => {
    const callee = await aCallee();
    const more: Call[] = [{ url: 'http://127.0.0.1:1/', arguments: [] }];
    await post(
      [1, 2, 3].map(() => ({ url: callee.url, arguments: more })),
      [['traceparent', TRACEPARENT]],
    );
    const parts = callee.received.map(({ headers }) => String(headers.traceparent).split('-'));
    expect(parts.map(([, traceId]) => traceId)).toEqual([TRACE_ID, TRACE_ID, TRACE_ID]);
    expect(new Set(parts.map(([, , spanId]) => spanId)).size).toBe(3);
    expect(callee.received.map(({ body }) => JSON.parse(body))).toEqual([more, more, more]);
  });

  it('refuses what is no list of calls', async () => {
    for (const bad of [
      {},
      [{ url: 'file:///etc/passwd', arguments: [] }],
      [{ url: 'x' }],
      new Array(101).fill({ url: 'http://a', arguments: [] }),
    ]) {
      expect(await post(bad)).toBe(400);
    }
    expect(await post([])).toBe(200);
    expect((await fetch(relay.url)).status).toBe(404);
  });

  it('says when a callee cannot be reached', async () => {
    expect(await post([{ url: 'http://127.0.0.1:1/', arguments: [] }])).toBe(502);
  });
});
