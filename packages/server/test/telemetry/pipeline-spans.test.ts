import { SpanStatusCode } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { spanOf } from '../../src/telemetry/pipeline-spans.js';
import { aDelivery, aPipelineSpan, aStageSpan, ROOT_SPAN_ID, T0, TRACE_ID } from './records.js';

describe('the span of a pipeline', () => {
  it('hangs under the span that created it, as a remote parent', () => {
    expect(spanOf(aPipelineSpan({ parentSpanId: 'd'.repeat(16) })).parent).toEqual({ spanId: 'd'.repeat(16), isRemote: true });
    expect(spanOf(aPipelineSpan()).parent).toBeUndefined();
  });

  it('says what ran, for whom and why, and lasts from creation to the end', () => {
    const span = spanOf(aPipelineSpan({ keywords: ['vip'], tracestate: 'a=1' }));
    expect(span).toMatchObject({ name: 'RUN order', startedAt: T0, endedAt: T0 + 3_000, tracestate: 'a=1' });
    expect(span.events).toEqual([{ name: 'started', at: T0 + 40, attributes: {} }]);
    expect(span.attributes).toEqual({
      'cicd.pipeline.name': 'order',
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.run.id': '7',
      'cicd.pipeline.result': 'success',
      'pipelogiq.application': 'default',
      'pipelogiq.trigger': 'api',
      'pipelogiq.keywords': ['vip'],
    });
  });

  it.each([
    ['completed', 'success', SpanStatusCode.UNSET],
    ['cancelled', 'cancellation', SpanStatusCode.UNSET],
    ['failed', 'failure', SpanStatusCode.ERROR],
  ] as const)('that is %s has the result %s', (status, result, code) => {
    const span = spanOf(aPipelineSpan({ status }));
    expect(span.attributes['cicd.pipeline.result']).toBe(result);
    expect(span.status.code).toBe(code);
    expect(span.attributes['error.type']).toBe(status === 'failed' ? 'stage_failed' : undefined);
  });
});

describe('the span of a stage', () => {
  it('carries the stored span id below the pipeline and says where its job went', () => {
    const span = spanOf(aStageSpan());
    expect(span).toMatchObject({ name: 'charge', traceId: TRACE_ID, spanId: 'a'.repeat(16), parent: { spanId: ROOT_SPAN_ID } });
    expect(span.attributes).toEqual({
      'cicd.pipeline.name': 'order',
      'cicd.pipeline.run.id': '7',
      'cicd.pipeline.task.name': 'charge',
      'cicd.pipeline.task.run.id': '11',
      'cicd.pipeline.task.run.result': 'success',
      'cicd.worker.id': '3',
      'messaging.system': 'pipelogiq',
      'messaging.destination.name': 'charge-card',
      'messaging.message.id': '11',
      'pipelogiq.application': 'default',
      'pipelogiq.status': 'completed',
      'pipelogiq.attempts': 1,
      'pipelogiq.queue_wait_ms': 40,
    });
  });

  it.each([
    ['bank_down', 'failure'],
    ['timed_out', 'timeout'],
    ['poisoned', 'error'],
    [undefined, 'failure'],
  ])('that failed with %s is an error of that type with the result %s', (errorCode, result) => {
    const span = spanOf(aStageSpan({ status: 'failed', errorCode, errorMessage: 'no money' }));
    expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no money' });
    expect(span.attributes).toMatchObject({
      'error.type': errorCode ?? '_OTHER',
      'cicd.pipeline.task.run.result': result,
    });
  });

  it('shows no API key and no novel in its error message', () => {
    const message = (errorMessage: string) => spanOf(aStageSpan({ status: 'failed', errorMessage })).status.message;
    expect(message('key plq_abc123 refused')).toBe('key plq_[redacted] refused');
    expect(message('x'.repeat(5_000))).toHaveLength(1_024);
  });

  it.each([
    ['skipped', 'skip'],
    ['blocked', 'skip'],
    ['cancelled', 'cancellation'],
  ] as const)('that was %s before any lease is an empty span with the result %s', (status, result) => {
    const span = spanOf(aStageSpan({ status, readyAt: undefined, startedAt: undefined, fencingToken: 0, deliveries: [] }));
    expect(span).toMatchObject({ startedAt: T0 + 100, endedAt: T0 + 100, events: [], status: { code: SpanStatusCode.UNSET } });
    expect(span.attributes['cicd.pipeline.task.run.result']).toBe(result);
    expect(span.attributes['pipelogiq.queue_wait_ms']).toBe(0);
  });

  it('that waited for a lease until it was cancelled shows that wait', () => {
    const span = spanOf(aStageSpan({ status: 'cancelled', startedAt: undefined, fencingToken: 0, deliveries: [] }));
    expect(span).toMatchObject({ startedAt: T0, endedAt: T0 + 100, events: [{ name: 'ready', at: T0 }] });
    expect(span.attributes['pipelogiq.queue_wait_ms']).toBe(100);
  });

  it('of a rerun begins with its own run and links to the spans of the runs before, each once', () => {
    const old = { spanId: 'e'.repeat(16), outcome: 'failed' } as const;
    const deliveries = [
      aDelivery({ ...old, fencingToken: 1, readyAt: T0 - 9_000 }),
      aDelivery({ ...old, fencingToken: 2, readyAt: T0 - 8_000 }),
      aDelivery({ fencingToken: 3 }),
    ];
    const span = spanOf(aStageSpan({ fencingToken: 3, deliveries }));
    expect(span.links?.map(({ context }) => [context.traceId, context.spanId])).toEqual([[TRACE_ID, 'e'.repeat(16)]]);
    expect(span.startedAt).toBe(T0);
    expect(span.events).toHaveLength(3);
    expect(span.attributes['pipelogiq.queue_wait_ms']).toBe(40);
  });
});
