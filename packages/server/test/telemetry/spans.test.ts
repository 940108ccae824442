import { resourceFromAttributes } from '@opentelemetry/resources';
import { describe, expect, it } from 'vitest';
import { spanOf } from '../../src/telemetry/pipeline-spans.js';
import { finishedSpan } from '../../src/telemetry/spans.js';
import { aDelivery, aPipelineSpan, aStageSpan, T0 } from './records.js';

const resource = resourceFromAttributes({});

describe('a finished span', () => {
  it('keeps fractions of a millisecond to the nanosecond', () => {
    const span = finishedSpan(resource, spanOf(aPipelineSpan({ createdAt: T0 + 0.25, finishedAt: T0 + 1_001 })));
    expect(span.startTime).toEqual([T0 / 1_000, 250_000]);
    expect(span.endTime).toEqual([T0 / 1_000 + 1, 1_000_000]);
    expect(span.duration).toEqual([1, 750_000]);
  });

  it('never ends before it starts when a clock was set back', () => {
    const span = finishedSpan(resource, spanOf(aPipelineSpan({ finishedAt: T0 - 50 })));
    expect(span.endTime).toEqual(span.startTime);
    expect(span.duration).toEqual([0, 0]);
  });

  it('relays the tracestate to its context and that of its parent', () => {
    const span = finishedSpan(resource, spanOf(aStageSpan({ tracestate: 'vendor=1' })));
    expect(span.spanContext().traceState?.serialize()).toBe('vendor=1');
    expect(span.parentSpanContext?.traceState?.serialize()).toBe('vendor=1');
  });

  it('keeps the latest 128 events and counts the others as dropped', () => {
    const deliveries = Array.from({ length: 50 }, (_, index) => aDelivery({ fencingToken: index + 1 }));
    const span = finishedSpan(resource, spanOf(aStageSpan({ fencingToken: 50, deliveries })));
    expect(span.events).toHaveLength(128);
    expect(span.droppedEventsCount).toBe(22);
    expect(span.events.at(-1)?.attributes?.['pipelogiq.fencing_token']).toBe(50);
  });
});
