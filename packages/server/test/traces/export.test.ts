import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { defineHandler, NonRetryableError } from '@pipelogiq/sdk';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { harness } from '../engine/support.js';
import { copyAsAfterCrash } from '../support/files.js';
import { runSql } from '../support/stores.js';
import { aPlane, aReceiver, DAG, type Plane, received, serverSpans, step, storedIds, treeOf } from './support.js';

/** A collector that is down: it drops every connection, or does what `treat` says. `tried` resolves at the first one. */
async function aDeadCollector(treat = (socket: Socket): void => void socket.destroy()) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    treat(socket);
  });
  const tried = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => void server.close(() => resolve()));
  };
  onTestFinished(close);
  return { port, endpoint: `http://127.0.0.1:${port}`, tried, close };
}

async function runToEnd(plane: Plane): Promise<string[]> {
  const { id } = await plane.post(DAG);
  plane.work([step()]);
  await plane.pipelogiq.pipelines.waitForSuccess(id);
  const ids = await storedIds(plane, id);
  return [ids.root, ...Object.values(ids.stages)];
}

const queued = async (database: string): Promise<number> => (await runSql(database, 'select id from span_export')).length;

// Seen to fail when export-spans removes what it read before it sends: nothing arrives after the return of the collector.
describe('while the collector is down', () => {
  it('keeps every span, and sends it when the collector is back', async () => {
    const dead = await aDeadCollector();
    const plane = await aPlane({ endpoint: dead.endpoint });
    const ids = await runToEnd(plane);
    await dead.tried;
    expect(await queued(plane.database)).toBe(4);
    await dead.close();
    const receiver = await aReceiver('http/protobuf', dead.port);
    await received(receiver, ids);
    await plane.close();
    expect(await queued(plane.database)).toBe(0);
  });

  // Seen to fail without the call of keepSpans in change-graph.ts: the first run's spans are lost, the second's come twice.
  it('keeps the spans of a run that failed and was run again', async () => {
    const dead = await aDeadCollector();
    const plane = await aPlane({ endpoint: dead.endpoint });
    const { id } = await plane.post({ name: 'twice', stages: [{ name: 'a', handler: 'step', maxAttempts: 1 }] });
    let fails = true;
    const handler = defineHandler('step', {}, () => {
      if (fails) throw new NonRetryableError('not yet');
    });
    plane.work([handler]);
    await plane.pipelogiq.pipelines.wait(id);
    const first = await storedIds(plane, id);
    fails = false;
    await plane.pipelogiq.pipelines.rerun(id);
    await plane.pipelogiq.pipelines.waitForSuccess(id);
    const second = await storedIds(plane, id);
    await dead.tried;
    await dead.close();
    const receiver = await aReceiver('http/protobuf', dead.port);
    const ids = [first, second].flatMap(({ root, stages }) => [root, stages.a as string]);
    await received(receiver, ids);
    await plane.close();
    const spans = serverSpans(receiver).filter(({ name }) => name === 'a' || name === 'RUN twice');
    expect(spans.map(({ spanId }) => spanId).sort()).toEqual(ids.sort()); // each once
    expect(
      treeOf(spans)
        .tops.map(({ spanId }) => spanId)
        .sort(),
    ).toEqual([first.root, second.root].sort());
  });

  // Of PostgreSQL nothing but the connection would crash with the server.
  it.skipIf(inject('store') !== 'sqlite')(
    'keeps every span through a crash, and sends it after the next start on the same file',
    async () => {
      const dead = await aDeadCollector();
      const plane = await aPlane({ endpoint: dead.endpoint });
      const ids = await runToEnd(plane);
      await dead.tried;
      const database = copyAsAfterCrash(plane.database);
      const receiver = await aReceiver();
      await aPlane({ endpoint: receiver.endpoint, database });
      await received(receiver, ids);
      expect(receiver.spans().filter((span) => ids.includes(span.spanId))).toHaveLength(4); // each once
    },
  );

  // Seen to fail, by its time limit, when closing waits for the export under way without a limit.
  it('closes in time although the collector never answers, and leaves the spans to the next start', async () => {
    const silent = await aDeadCollector(() => {});
    const env = { OTEL_EXPORTER_OTLP_TIMEOUT: '60000' };
    const plane = await aPlane({ endpoint: silent.endpoint, env });
    const ids = await runToEnd(plane);
    await silent.tried;
    await plane.close();
    const receiver = await aReceiver();
    await aPlane({ endpoint: receiver.endpoint, database: plane.database });
    await received(receiver, ids);
  });
});

describe('closing', () => {
  // Seen to fail while the export ran by its period only: the pipeline ended after its last run.
  it('sends the spans of what ended just before', async () => {
    const receiver = await aReceiver();
    const { create, worker, controlPlane } = await harness({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
    await create({ stages: [{ name: 'a' }] });
    const w = await worker();
    await w.ack(await w.one());
    await controlPlane.close();
    expect(
      receiver
        .spans()
        .map((span) => span.name)
        .filter((name) => !name.startsWith('POST')),
    ).toEqual(['a', 'RUN test']);
  });
});

describe('sampling', () => {
  const env = (endpoint: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const traceparent = (trace: string, flags: string) => `00-${trace.repeat(32)}-00f067aa0ba902b7-${flags}`;

  it('sends nothing of a trace that its caller does not sample, and queues nothing', async () => {
    const receiver = await aReceiver();
    const { create, worker, controlPlane } = await harness({ env: env(receiver.endpoint) });
    await create({ name: 'unsampled', stages: [{ name: 'a' }], traceparent: traceparent('a', '00') });
    await create({ name: 'sampled', stages: [{ name: 'a' }], traceparent: traceparent('b', '01') });
    const w = await worker();
    for (const job of await w.pull()) {
      expect(job.traceparent.slice(-2)).toBe(job.pipelineName === 'sampled' ? '01' : '00');
      await w.ack(job);
    }
    await controlPlane.advance(1_000);
    await receiver.waitFor(2);
    await controlPlane.close();
    const traces = new Set(receiver.spans().map((span) => span.traceId));
    expect(traces).toContain('b'.repeat(32));
    expect(traces).not.toContain('a'.repeat(32));
  });

  it('sends nothing at all when the sampler says so', async () => {
    const receiver = await aReceiver();
    const { create, worker, controlPlane } = await harness({
      env: {
        ...env(receiver.endpoint),
        OTEL_TRACES_SAMPLER: 'always_off',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_LOGS_EXPORTER: 'none',
      },
    });
    await create({ stages: [{ name: 'a' }] });
    const w = await worker();
    await w.ack(await w.one());
    await controlPlane.advance(10_000);
    await controlPlane.close();
    expect(receiver.requests()).toEqual([]);
  });
});

describe('the end of a pipeline', () => {
  it('by cancel sends the spans of the stages that had started, and none of those that had not', async () => {
    const receiver = await aReceiver();
    const { create, worker, call, controlPlane } = await harness({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
    const run = await create({
      stages: [
        { name: 'done', handler: 'a' },
        { name: 'running', handler: 'a', dependsOn: [] },
        { name: 'between', handler: 'a', dependsOn: [], priority: 1, backoff: { type: 'fixed', delayMs: 60_000, jitter: false } },
        { name: 'never', handler: 'a', dependsOn: ['running'] },
      ],
    });
    const w = await worker();
    const jobs = new Map((await w.pull()).map((job) => [job.stage, job]));
    await w.ack(jobs.get('done') as never);
    await w.nack(jobs.get('between') as never);
    await call('POST', `/pipelines/${run.id}/cancel`, {});
    await controlPlane.advance(1_000);
    const spans = await receiver.waitFor(4);
    await controlPlane.close();
    const results = spans.map((span) => [
      span.name,
      span.attributes['cicd.pipeline.task.run.result'] ?? span.attributes['cicd.pipeline.result'],
    ]);
    expect(Object.fromEntries(results)).toEqual({
      done: 'success',
      between: 'cancellation',
      running: 'cancellation',
      'RUN test': 'cancellation',
    });
  });

  it('by failure marks the failed stage and the pipeline, and says why', async () => {
    const receiver = await aReceiver();
    const { create, worker, controlPlane } = await harness({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
    await create({ stages: [{ name: 'bad', handler: 'a' }, { name: 'next' }] });
    const w = await worker();
    await w.nack(await w.one(), { retryable: false });
    await controlPlane.advance(1_000);
    const spans = await receiver.waitFor(2);
    await controlPlane.close();
    expect(spans).toMatchObject([
      { name: 'bad', status: { code: 'error', message: 'it broke' }, attributes: { 'error.type': 'boom' } },
      { name: 'RUN test', status: { code: 'error' }, attributes: { 'error.type': 'stage_failed' } },
    ]);
  });
});
