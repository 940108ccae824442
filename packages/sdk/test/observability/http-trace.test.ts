import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { tracedFetch, withIncomingTrace } from '../../src/observability/index.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE_ID = TRACEPARENT.split('-')[1];

async function aCallee(status = 200) {
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/stock?key=secret`, port, received };
}

describe('without an OpenTelemetry SDK', () => {
  it('the context of a request flows through to what is called', async () => {
    const callee = await aCallee();
    await withIncomingTrace({ traceparent: TRACEPARENT, tracestate: ['a=1', 'b=2'] }, 'POST /orders', async () => {
      await new Promise(setImmediate);
      await tracedFetch(callee.url, { headers: { 'x-own': 'kept' } });
    });
    await tracedFetch(callee.url);
    expect(callee.received[0]).toMatchObject({ traceparent: TRACEPARENT, tracestate: 'a=1,b=2', 'x-own': 'kept' });
    expect(callee.received[1]).not.toHaveProperty('traceparent');
  });
});

describe('with an OpenTelemetry SDK', () => {
  const exporter = new InMemorySpanExporter();
  beforeEach(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
  afterEach(() => {
    trace.disable();
    context.disable();
    exporter.reset();
  });
  const spans = () => exporter.getFinishedSpans();

  it('a call is a CLIENT span below the SERVER span of the request', async () => {
    const callee = await aCallee();
    const headers = new Headers({ traceparent: TRACEPARENT });
    const status = await withIncomingTrace(headers, 'POST /orders', async () => (await tracedFetch(new URL(callee.url))).status);
    expect(status).toBe(200);
    const [client, server] = spans();
    expect(server).toMatchObject({ name: 'POST /orders', kind: SpanKind.SERVER, parentSpanContext: { traceId: TRACE_ID } });
    expect(client).toMatchObject({
      name: 'GET',
      kind: SpanKind.CLIENT,
      parentSpanContext: { spanId: server?.spanContext().spanId },
    });
    expect(client?.attributes).toEqual({
      'http.request.method': 'GET',
      'url.full': `http://127.0.0.1:${callee.port}/stock`,
      'server.address': '127.0.0.1',
      'server.port': callee.port,
      'http.response.status_code': 200,
    });
    expect(callee.received[0]?.traceparent).toBe(`00-${TRACE_ID}-${client?.spanContext().spanId}-01`);
  });

  it('what fails is an error of its span', async () => {
    const callee = await aCallee(404);
    await tracedFetch(callee.url);
    await expect(tracedFetch('http://127.0.0.1:1/')).rejects.toThrow();
    await expect(withIncomingTrace({}, 'POST /x', () => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    const failed = spans().map(({ status, attributes }) => [status.code, attributes['error.type']]);
    expect(failed).toEqual([
      [SpanStatusCode.ERROR, '404'],
      [SpanStatusCode.ERROR, 'TypeError'],
      [SpanStatusCode.ERROR, 'RangeError'],
    ]);
  });
});
