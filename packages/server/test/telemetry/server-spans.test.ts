import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { createSampler } from '../../src/telemetry/sampling.js';
import { createServerSpans, type RequestInfo, type ServerSpansDeps } from '../../src/telemetry/server-spans.js';
import type { SpanExport } from '../../src/telemetry/span-export.js';
import type { SpanParts } from '../../src/telemetry/spans.js';
import { T0, TRACE_ID } from './records.js';

const aRequest = (over: Partial<RequestInfo> = {}): RequestInfo => ({
  method: 'POST',
  route: '/pipelines',
  path: '/pipelines',
  status: 201,
  startedAt: T0,
  durationMs: 2.5,
  requestId: 'r-1',
  ...over,
});

/** A span export that keeps what it gets, and a clock whose timers fire on demand. */
function harness(over: Partial<ServerSpansDeps> & { send?: SpanExport['send']; enabled?: boolean } = {}) {
  const sent: SpanParts[][] = [];
  const timers: { fn: () => void; ms: number; cancelled: boolean }[] = [];
  const { send, enabled = true, ...deps } = over;
  let ids = 0;
  const spans = createServerSpans({
    spanExport: {
      enabled,
      export: async () => {},
      send: send ?? (async (batch) => void sent.push([...batch])),
      shutdown: async () => {},
    },
    sampler: createSampler({ kind: 'always_on', parentBased: true, ratio: 1 }),
    clock: {
      setTimer(fn, ms) {
        const timer = { fn, ms, cancelled: false };
        timers.push(timer);
        const cancel = () => {
          timer.cancelled = true;
        };
        return { cancel };
      },
      randomHex: (bytes) => (++ids).toString(16).padStart(bytes * 2, '0'),
    },
    ...deps,
  });
  return { spans, sent, timers };
}

describe('spans of API requests', () => {
  it('are named by method and route, and hang under the caller', async () => {
    const { spans, sent } = harness();
    spans.recordRequest(aRequest({ traceparent: `00-${TRACE_ID}-${'d'.repeat(16)}-01`, tracestate: 'a=1' }));
    await spans.flush();
    expect(sent[0]?.[0]).toMatchObject({
      name: 'POST /pipelines',
      traceId: TRACE_ID,
      parent: { spanId: 'd'.repeat(16), isRemote: true },
      tracestate: 'a=1',
      startedAt: T0,
      endedAt: T0 + 2.5,
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/pipelines',
        'http.response.status_code': 201,
        'url.path': '/pipelines',
        'pipelogiq.request_id': 'r-1',
      },
    });
  });

  it('begin a trace of their own, without the tracestate, when the traceparent is absent or bad', async () => {
    const { spans, sent } = harness();
    spans.recordRequest(aRequest());
    spans.recordRequest(aRequest({ traceparent: 'nonsense', tracestate: 'a=1' }));
    await spans.flush();
    expect(sent[0]?.map(({ parent, tracestate }) => [parent, tracestate])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(new Set(sent[0]?.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('follow the sampler', async () => {
    const { spans, sent } = harness({ sampler: createSampler({ kind: 'always_off', parentBased: true, ratio: 1 }) });
    spans.recordRequest(aRequest());
    spans.recordRequest(aRequest({ traceparent: `00-${TRACE_ID}-${'d'.repeat(16)}-00` }));
    spans.recordRequest(aRequest({ traceparent: `00-${TRACE_ID}-${'e'.repeat(16)}-01` }));
    await spans.flush();
    expect(sent.flat().map(({ parent }) => parent?.spanId)).toEqual(['e'.repeat(16)]);
  });

  it.each([
    [404, SpanStatusCode.UNSET, undefined],
    [503, SpanStatusCode.ERROR, '503'],
  ])('with status %i blame the right side', async (status, code, errorType) => {
    const { spans, sent } = harness();
    spans.recordRequest(aRequest({ status }));
    await spans.flush();
    expect(sent[0]?.[0]?.status.code).toBe(code);
    expect(sent[0]?.[0]?.attributes['error.type']).toBe(errorType);
  });

  it.each([
    '/jobs/pull',
    '/workers/heartbeat',
    '/pipelines/{id}/wait',
    '/events',
    '/health',
    '/health/live',
    '/healthz',
    '/ready',
    '/metrics',
  ])('leave out %s', async (route) => {
    const { spans, sent } = harness();
    spans.recordRequest(aRequest({ route }));
    await spans.flush();
    expect(sent).toEqual([]);
  });

  it('leave with a full batch at once, else after the flush time', async () => {
    const { spans, sent, timers } = harness({ batchSize: 2, flushAfterMs: 70 });
    spans.recordRequest(aRequest());
    expect(timers).toMatchObject([{ ms: 70, cancelled: false }]);
    spans.recordRequest(aRequest());
    await spans.flush();
    expect(sent.map((batch) => batch.length)).toEqual([2]);
    expect(timers[0]?.cancelled).toBe(true);

    spans.recordRequest(aRequest());
    timers[1]?.fn();
    await spans.flush();
    expect(sent.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it('are dropped and counted when the queue is full, while the backend is slow', async () => {
    let release = () => {};
    const slow = new Promise<void>((resolve) => (release = resolve));
    const { spans } = harness({ batchSize: 2, maxQueued: 3, send: () => slow });
    for (let count = 0; count < 2; count += 1) spans.recordRequest(aRequest());
    await Promise.resolve(); // the first two are on their way
    for (let count = 0; count < 5; count += 1) spans.recordRequest(aRequest());
    expect(spans.dropped()).toBe(2);
    release();
    await spans.shutdown();
  });

  it('are dropped and counted when the backend refuses them, and nobody else notices', async () => {
    const { spans } = harness({ send: () => Promise.reject(new Error('away')) });
    spans.recordRequest(aRequest());
    await spans.flush();
    expect(spans.dropped()).toBe(1);
  });

  it('leave with the shutdown, after which none are taken', async () => {
    const { spans, sent } = harness();
    spans.recordRequest(aRequest());
    await spans.shutdown();
    spans.recordRequest(aRequest());
    await spans.flush();
    expect(sent.flat()).toHaveLength(1);
  });

  it('do not hold up the shutdown when the backend never answers', async () => {
    const { spans, timers } = harness({ send: () => new Promise(() => {}) });
    spans.recordRequest(aRequest());
    const closing = spans.shutdown(250);
    expect(timers.at(-1)?.ms).toBe(250);
    timers.at(-1)?.fn();
    await closing;
  });

  it('are not even gathered while the export is off', async () => {
    const { spans, timers, sent } = harness({ enabled: false });
    spans.recordRequest(aRequest());
    await spans.shutdown();
    expect([timers, sent, spans.dropped()]).toEqual([[], [], 0]);
  });
});
