import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { tracingConfig } from '../../src/telemetry/otel-config.js';
import { createSpanExport, type SpanExport, SpanExportError } from '../../src/telemetry/span-export.js';
import { type DecodedSpan, type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.js';
import { aPipelineSpan, aStageSpan, aWorkerSpan, ROOT_SPAN_ID, T0, TRACE_ID, threeStagesWithOneRetry } from './records.js';

const clock = systemClock();
const exportTo = (receiver: OtlpReceiver, env: { [name: string]: string } = {}) =>
  createSpanExport(tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...env }), { clock });

const protocols = [
  { protocol: 'http/protobuf', refused: 400, unavailable: 500 },
  { protocol: 'grpc', refused: 3, unavailable: 14 },
] as const;

describe.each(protocols)('export over $protocol', ({ protocol, refused, unavailable }) => {
  let receiver: OtlpReceiver;
  let spanExport: SpanExport;

  beforeEach(async () => {
    receiver = await startOtlpReceiver({ protocol });
    spanExport = exportTo(receiver, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
  });
  afterEach(async () => {
    await spanExport.shutdown();
    await receiver.close();
  });

  it('gives the backend one tree: a root, no missing parent, one span per attempt below its stage, queue waits in sight', async () => {
    const records = threeStagesWithOneRetry();
    const stages = records.filter((record) => record.kind === 'stage');
    const attempts = stages.flatMap((stage) => Array.from({ length: stage.attempts }, () => stage));
    await spanExport.export(records);
    await spanExport.send(attempts.map((stage, index) => aWorkerSpan(stage, `f00000000000000${index}`)));

    const spans = receiver.spans();
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const roots = spans.filter((span) => span.parentSpanId === undefined);
    expect(roots.map((span) => [span.name, span.spanId, span.kind])).toEqual([['RUN order', ROOT_SPAN_ID, 'server']]);
    expect(spans.filter((span) => span.parentSpanId && !byId.has(span.parentSpanId))).toEqual([]);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([TRACE_ID]));
    expect(childrenOf(spans, ROOT_SPAN_ID)).toEqual(['charge', 'pack', 'mail']);
    expect(stages.map((stage) => childrenOf(spans, stage.spanId).length)).toEqual([1, 2, 1]);

    const pack = spans.find((span) => span.name === 'pack');
    expect(pack).toMatchObject({ kind: 'internal', startMs: T0 + 100, endMs: T0 + 1_300 });
    expect(pack?.attributes).toMatchObject({ 'pipelogiq.queue_wait_ms': 50, 'pipelogiq.attempts': 2 });
    expect(pack?.events.map(({ name, atMs }) => [name, atMs - T0])).toEqual([
      ['ready', 100],
      ['leased', 120],
      ['ended', 200],
      ['ready', 1_200],
      ['leased', 1_230],
      ['ended', 1_300],
    ]);
    expect(pack?.events[1]?.attributes).toMatchObject({ 'pipelogiq.queue_wait_ms': 20, 'cicd.worker.id': '3' });
    expect(pack?.events[2]?.attributes).toMatchObject({ 'pipelogiq.outcome': 'retried', 'error.type': 'flaky' });
  });

  it('rejects when the backend refuses, and the same records go through on the next try with the same ids', async () => {
    const records = threeStagesWithOneRetry();
    receiver.failNext(unavailable);
    await expect(spanExport.export(records)).rejects.toMatchObject({ name: 'SpanExportError', retryable: true });
    expect(receiver.spans()).toEqual([]);
    await spanExport.export(records);
    expect(receiver.spans().map((span) => span.spanId)).toEqual(
      ['a', 'b', 'c'].map((digit) => digit.repeat(16)).concat(ROOT_SPAN_ID),
    );
  });

  it('tells a refusal of these very spans from a backend that is away', async () => {
    receiver.failNext(refused);
    await expect(spanExport.export([aPipelineSpan()])).rejects.toMatchObject({ retryable: false });
  });

  it('sends the headers and the resource of the configuration', async () => {
    const configured = exportTo(receiver, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=a%20b',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'orders',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    });
    await configured.export([aPipelineSpan()]);
    await configured.shutdown();
    expect(receiver.requests()[0]?.headers).toMatchObject({ 'x-tenant': 'a b' });
    expect(receiver.spans()[0]).toMatchObject({
      scope: '@pipelogiq/server',
      resource: { 'service.name': 'orders', 'deployment.environment.name': 'test' },
    });
  });

  it('opens no connection for records of traces that are not sampled, and counts them as exported', async () => {
    await spanExport.export([aPipelineSpan({ flags: 0 }), aStageSpan({ flags: 2 })]);
    expect(receiver.requests()).toEqual([]);
  });
});

describe('a span export', () => {
  it.each([
    ['without an endpoint', {}],
    ['with OTEL_SDK_DISABLED', { OTEL_SDK_DISABLED: 'true' }],
    ['with the exporter none', { OTEL_TRACES_EXPORTER: 'none' }],
  ])('%s is off: records count as exported and nothing is sent', async (_case, env) => {
    const receiver = await startOtlpReceiver({ protocol: 'http/protobuf' });
    const endpoint = Object.keys(env).length > 0 ? { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } : {};
    const off = createSpanExport(tracingConfig({ ...endpoint, ...env }), { clock });
    await off.export(threeStagesWithOneRetry());
    await off.shutdown();
    expect(off.enabled).toBe(false);
    expect(receiver.requests()).toEqual([]);
    await receiver.close();
  });

  it('rejects when nobody listens', async () => {
    const receiver = await startOtlpReceiver({ protocol: 'grpc' });
    await receiver.close();
    const spanExport = exportTo(receiver, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TIMEOUT: '2000' });
    await expect(spanExport.export([aPipelineSpan()])).rejects.toBeInstanceOf(SpanExportError);
    await spanExport.shutdown();
  });

  it('names the missing package and tries again with the next export when its exporter cannot be loaded', async () => {
    const config = tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    let tries = 0;
    const open = async () => {
      tries += 1;
      throw new Error('install it');
    };
    const spanExport = createSpanExport(config, { clock, open });
    await expect(spanExport.export([aPipelineSpan()])).rejects.toThrow('install it');
    await expect(spanExport.export([aPipelineSpan()])).rejects.toMatchObject({ retryable: true });
    expect(tries).toBe(2);
  });

  it('rejects after shutdown, so that the queue keeps its rows', async () => {
    const receiver = await startOtlpReceiver({ protocol: 'http/protobuf' });
    const spanExport = exportTo(receiver);
    await spanExport.export([aPipelineSpan()]);
    await spanExport.shutdown();
    await spanExport.shutdown();
    await expect(spanExport.export([aPipelineSpan()])).rejects.toMatchObject({ retryable: true });
    expect(receiver.spans()).toHaveLength(1);
    await receiver.close();
  });

  it('does not wait longer than its grace for a backend that never answers', async () => {
    const config = tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' });
    const stuck = { export: () => {}, shutdown: () => new Promise<void>(() => {}) };
    const graces: number[] = [];
    const firing = {
      setTimer(fn: () => void, ms: number) {
        graces.push(ms);
        fn();
        return { cancel: () => {} };
      },
    };
    const spanExport = createSpanExport(config, { clock: firing, open: async () => stuck });
    void spanExport.export([aPipelineSpan()]);
    await spanExport.shutdown(250);
    expect(graces).toEqual([250]);
  });
});

const childrenOf = (spans: DecodedSpan[], spanId: string): string[] =>
  spans.filter((span) => span.parentSpanId === spanId).map((span) => span.name);
