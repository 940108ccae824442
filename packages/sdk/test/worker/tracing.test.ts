import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import type { TraceHeaders } from '../../src/tracing/context.js';
import { withCreateSpan } from '../../src/tracing/create-span.js';
import { aDouble, gate, next, running } from './harness.js';

const exporter = new InMemorySpanExporter();
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

const named = (name: string): ReadableSpan => {
  const span = exporter.getFinishedSpans().find((finished) => finished.name === name);
  if (!span) throw new Error(`no span ${name} among ${exporter.getFinishedSpans().map((finished) => finished.name)}`);
  return span;
};

function registerSdk(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
}

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
  exporter.reset();
});

describe('with an OpenTelemetry SDK', () => {
  beforeEach(registerSdk);

  it('hangs the spans of a delivery under its stage', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('charge');
    const stageSpanId = stage.id.padStart(16, 'b');
    const charge = defineHandler('charge', {}, async (_input: unknown, job) => {
      await job.step('authorise', async () => {
        await job.step('inner', async () => {});
        trace.getTracer('user').startSpan('user span').end();
      });
      return 'paid';
    });
    const { worker, stop } = await running(double.url, { handlers: [charge] });
    await next(worker, 'job_completed');
    await stop();

    const processed = named('process charge');
    expect(processed).toMatchObject({ kind: SpanKind.CONSUMER, parentSpanContext: { traceId: TRACE_ID, spanId: stageSpanId } });
    expect(processed.links).toMatchObject([{ context: { traceId: TRACE_ID, spanId: stageSpanId } }]);
    expect(processed.attributes).toEqual({
      'messaging.system': 'pipelogiq',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'charge',
      'messaging.message.id': stage.id,
      'cicd.pipeline.name': 'order',
      'cicd.pipeline.run.id': '1',
      'cicd.pipeline.task.name': `stage-${stage.id}`,
      'cicd.pipeline.task.run.id': stage.id,
      'cicd.pipeline.task.run.result': 'success',
      'cicd.worker.id': '7',
      'pipelogiq.attempt': 1,
    });
    const processId = processed.spanContext().spanId;
    expect(named('authorise').parentSpanContext?.spanId).toBe(processId);
    expect(named('inner').parentSpanContext?.spanId).toBe(named('authorise').spanContext().spanId);
    expect(named('user span').parentSpanContext?.spanId).toBe(named('authorise').spanContext().spanId);
    expect(named('ack charge')).toMatchObject({
      kind: SpanKind.CLIENT,
      parentSpanContext: { traceId: TRACE_ID, spanId: processId },
    });
    expect(named('pull charge')).toMatchObject({ kind: SpanKind.CLIENT, links: [{ context: { spanId: stageSpanId } }] });
  });

  it('records what a handler threw', async () => {
    const double = await aDouble();
    double.stages.offer('charge', null, {}, 1);
    const declined = () => {
      throw Object.assign(new Error('the bank said no'), { code: 'card-declined' });
    };
    const { worker, stop } = await running(double.url, { handlers: [defineHandler('charge', {}, declined)] });
    await next(worker, 'job_failed');
    await stop();
    const span = named('process charge');
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'the bank said no' });
    expect(span.attributes).toMatchObject({ 'error.type': 'card_declined', 'cicd.pipeline.task.run.result': 'failure' });
    expect(span.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'the bank said no' } }]);
    expect(named('nack charge').attributes['messaging.operation.type']).toBe('settle');
  });

  it('leaves no span of an empty poll, and one for a batch with links to each job', async () => {
    const double = await aDouble();
    const echo = defineHandler('echo', {}, (input: unknown) => input);
    const { worker, stop } = await running(double.url, { handlers: [echo], waitMs: 1 });
    await double.until(() => double.to('/jobs/pull').length > 3);
    expect(exporter.getFinishedSpans()).toEqual([]);
    for (let index = 0; index < 3; index++) double.stages.offer('echo', index);
    await next(worker, 'job_completed');
    await stop();
    const pull = named('pull echo');
    expect(pull.attributes).toMatchObject({ 'messaging.operation.type': 'receive', 'messaging.batch.message_count': 3 });
    expect(pull.links).toHaveLength(3);
    expect(pull.parentSpanContext).toBeUndefined();
  });

  it('sends the trace context of a PRODUCER span with a create', async () => {
    const headers = await withCreateSpan('order', async (given) => given);
    const span = named('create order');
    const { traceId, spanId } = span.spanContext();
    expect(span).toMatchObject({ kind: SpanKind.PRODUCER, attributes: { 'cicd.pipeline.name': 'order' } });
    expect(headers).toEqual({ traceparent: `00-${traceId}-${spanId}-01` });
  });

  it('records why a create failed', async () => {
    await expect(withCreateSpan('order', () => Promise.reject(new RangeError('no')))).rejects.toThrow('no');
    expect(named('create order')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'RangeError' },
    });
  });
});

describe('without an OpenTelemetry SDK', () => {
  it('continues the trace of a handler in the pipelines that it creates', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('parent', null, { tracestate: 'vendor=1' });
    const created = gate<TraceHeaders>();
    const parent = defineHandler('parent', {}, async () => {
      await new Promise(setImmediate);
      created.open(await withCreateSpan('child', async (headers) => headers));
    });
    const { stop } = await running(double.url, { handlers: [parent] });
    const expected = { traceparent: `00-${TRACE_ID}-${stage.id.padStart(16, 'b')}-01`, tracestate: 'vendor=1' };
    expect(await created.opened).toEqual(expected);
    await stop();
  });

  it('masks flags that the standard does not define yet', async () => {
    const double = await aDouble();
    double.stages.offer('parent', null, { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-ff` });
    const created = gate<TraceHeaders>();
    const parent = defineHandler('parent', {}, async () =>
      created.open(await withCreateSpan('child', async (headers) => headers)),
    );
    const { stop } = await running(double.url, { handlers: [parent] });
    expect(await created.opened).toEqual({ traceparent: `00-${TRACE_ID}-b7ad6b7169203331-03` });
    await stop();
  });

  it('sends no trace context when there is none', async () => {
    expect(await withCreateSpan('order', async (headers) => headers)).toEqual({});
  });
});
