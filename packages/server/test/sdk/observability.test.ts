import { metrics as otelMetrics, trace } from '@opentelemetry/api';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { type ObservabilityOptions, startObservability } from '@pipelogiq/sdk/observability';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';

async function aClient(): Promise<Pipelogiq> {
  const controlPlane = await createTestControlPlane();
  const pipelogiq = new Pipelogiq(controlPlane.connection());
  onTestFinished(async () => {
    await pipelogiq.close();
    await controlPlane.close();
  });
  return pipelogiq;
}

/** Observability that exports to a receiver. Shut down by the test, so that all has arrived when it looks. */
async function exporting(protocol: 'http/protobuf' | 'grpc', options: ObservabilityOptions = {}) {
  const receiver = await startOtlpReceiver({ protocol });
  onTestFinished(() => receiver.close());
  const observability = await startObservability({
    serviceName: 'email-worker',
    serviceVersion: '1.2.3',
    resourceAttributes: { 'deployment.environment.name': 'test' },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    metrics: { port: 0 },
    logs: { console: false },
    ...options,
  });
  onTestFinished(() => observability.shutdown());
  return { receiver, observability };
}

const RESOURCE = { 'service.name': 'email-worker', 'service.version': '1.2.3', 'deployment.environment.name': 'test' };

describe.each(['http/protobuf', 'grpc'] as const)('over OTLP, %s, an observed worker', (protocol) => {
  it('exports its spans, metrics and log lines, which share their ids', async () => {
    const pipelogiq = await aClient();
    const { receiver, observability } = await exporting(protocol);
    const { logger } = observability;
    const opened = observability.counter('emails_opened_total', { help: 'E-mails opened.', labels: ['client'] });
    const sizes = observability.histogram('email_size_bytes', { help: 'Sizes.', buckets: [100, 1_000] });
    const send = defineHandler('send', {}, async (input: { to: string }, job) => {
      await job.step('render', async () => logger.info('rendered', { template: 'hello' }));
      opened.inc({ client: 'mutt' }, 2);
      sizes.observe(512);
      trace.getTracer('app').startSpan('smtp').end();
      otelMetrics.getMeter('app').createCounter('bounces').add(3);
      return `sent to ${input.to}`;
    });
    const worker = observability.attach(pipelogiq.worker({ handlers: [send], name: 'mail', signals: false }));
    const { id, traceId } = await pipelogiq.pipelines.create({
      name: 'newsletter',
      stages: [{ name: 'send', handler: 'send', input: { to: 'ada' } }],
    });
    await worker.runOnce();
    await observability.shutdown();

    const processed = receiver.spans().find(({ name }) => name === 'process send');
    expect(processed).toMatchObject({ traceId, kind: 'consumer', resource: RESOURCE });
    const render = receiver.spans().find(({ name }) => name === 'render');
    expect(render).toMatchObject({ traceId, parentSpanId: processed?.spanId });
    expect(receiver.spans().find(({ name }) => name === 'smtp')).toMatchObject({ traceId, parentSpanId: processed?.spanId });

    const rendered = receiver.logs().find(({ body }) => body === 'rendered');
    expect(rendered).toMatchObject({
      severityNumber: 9,
      severityText: 'INFO',
      traceId,
      spanId: render?.spanId,
      resource: RESOURCE,
    });
    expect(rendered?.attributes).toMatchObject({
      template: 'hello',
      pipeline_id: id,
      handler: 'send',
      worker: 'mail',
      logger: 'app',
    });
    expect(receiver.logs().find(({ body }) => body === 'step_completed')).toMatchObject({
      traceId,
      attributes: { step: 'render' },
    });

    const metric = (name: string) => receiver.metrics().find((one) => one.name === name);
    expect(metric('jobs_processed_total')).toMatchObject({
      kind: 'counter',
      value: 1,
      attributes: { handler: 'send', status: 'completed' },
      resource: RESOURCE,
    });
    expect(metric('job_processing_duration_seconds')).toMatchObject({
      kind: 'histogram',
      unit: 's',
      count: 1,
      attributes: { handler: 'send' },
    });
    expect(metric('emails_opened_total')).toMatchObject({
      value: 2,
      attributes: { client: 'mutt' },
      description: 'E-mails opened.',
    });
    expect(metric('email_size_bytes')).toMatchObject({ kind: 'histogram', unit: 'By', count: 1, value: 512 });
    expect(metric('process_resident_memory_bytes')?.value).toBeGreaterThan(1e6);
    expect(metric('bounces')).toMatchObject({ kind: 'counter', value: 3 }); // of the application's own OpenTelemetry meter
  });
});

describe('an observed worker', () => {
  it('leaves nothing registered behind, so that it can start again', async () => {
    const first = await exporting('http/protobuf');
    await first.observability.shutdown();
    const second = await exporting('http/protobuf', { logs: false });
    trace.getTracer('app').startSpan('alone').end();
    await second.observability.shutdown();
    expect([first.receiver.spans(), second.receiver.spans().map(({ name }) => name)]).toEqual([[], ['alone']]);
    expect(second.receiver.logs()).toEqual([]);
  });

  it('samples the share that it was told to, and flushes on request', async () => {
    const { receiver, observability } = await exporting('http/protobuf', { traces: { sampleRate: 0 } });
    trace.getTracer('app').startSpan('not taken').end();
    const dsn = 'postgres://app:hunter2@db/mail';
    observability.logger.info('taken', { dsn, password: 'hunter2', more: { urls: [dsn] } });
    await observability.flush();
    expect(receiver.spans()).toEqual([]);
    expect(receiver.logs()).toMatchObject([{ body: expect.stringMatching('metrics server') }, { body: 'taken' }]);
    const redacted = 'postgres://app:[redacted]@db/mail';
    expect(receiver.logs()[1]?.attributes).toMatchObject({ dsn: redacted, password: '[redacted]', more: { urls: [redacted] } });
  });

  it('ends in time although nobody answers at the endpoint, and may be ended twice', async () => {
    const observability = await startObservability({
      otlp: { endpoint: 'http://127.0.0.1:1', timeoutMs: 50 },
      env: {},
      metrics: { port: 0 },
      logs: { console: false },
    });
    observability.logger.info('lost');
    trace.getTracer('app').startSpan('lost').end();
    await observability.shutdown();
    await observability.shutdown();
    expect(observability.url).toBeUndefined();
  });

  it('lets an OpenTelemetry SDK that was there before keep the spans', async () => {
    const { receiver: mine } = await exporting('http/protobuf');
    const { receiver: theirs, observability } = await exporting('http/protobuf');
    trace.getTracer('app').startSpan('whose').end();
    await observability.shutdown();
    expect(theirs.spans()).toEqual([]);
    expect(theirs.logs().map(({ body }) => body)).toContain(
      'another OpenTelemetry SDK is registered in this process: it keeps the spans',
    );
    expect(mine.endpoint).not.toBe(theirs.endpoint);
  });
});
