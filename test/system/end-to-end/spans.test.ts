import { defineHandler } from '@pipelogiq/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { startOtlpReceiver } from '../../../packages/server/test/support/otlp-receiver.js';
import { endToEnd, WAYS } from './harness.js';

it.each(WAYS)('exports the spans of a pipeline under the trace of its caller, with one span per stage (%s)', async (way) => {
  const receiver = await startOtlpReceiver({ protocol: 'http/protobuf' });
  onTestFinished(() => receiver.close());
  const { pipelogiq, work } = await endToEnd(way, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  let attempts = 0;
  const step = defineHandler('step', {}, (_, job) => {
    if (job.stage === 'b' && ++attempts === 1) throw new Error('once more');
  });
  await work([step]);
  const { id } = await pipelogiq.pipelines.create({
    name: 'traced',
    stages: [
      { name: 'a', handler: 'step' },
      { name: 'b', handler: 'step', backoff: { type: 'fixed', delayMs: 1, jitter: false } },
      { name: 'c', handler: 'step' },
    ],
    traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
  });
  await pipelogiq.pipelines.waitForSuccess(id);
  const pipeline = await pipelogiq.pipelines.get(id);
  const stages = await pipelogiq.pipelines.stages(id);
  const ids = [pipeline.rootSpanId, ...stages.map(({ spanId }) => spanId)];
  let spans = receiver.spans();
  while (!ids.every((spanId) => spans.some((span) => span.spanId === spanId))) spans = await receiver.waitFor(spans.length + 1);
  const own = spans.filter((span) => ids.includes(span.spanId));
  expect(own).toHaveLength(4);
  expect(new Set(own.map((span) => span.traceId))).toEqual(new Set([traceId]));
  const byId = new Map(own.map((span) => [span.spanId, span]));
  expect(byId.get(pipeline.rootSpanId)).toMatchObject({ name: 'RUN traced', parentSpanId: '00f067aa0ba902b7' });
  for (const { name, spanId } of stages) expect(byId.get(spanId)).toMatchObject({ name, parentSpanId: pipeline.rootSpanId });
});
