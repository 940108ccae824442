import { trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { harness } from '../engine/support.js';
import {
  aPlane,
  aReceiver,
  DAG,
  type Plane,
  type Protocol,
  received,
  recordWorkerSpans,
  serverSpans,
  step,
  storedIds,
  treeOf,
} from './support.js';

const CALLER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER_SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${CALLER_TRACE}-${CALLER_SPAN}-01`;

/** Runs `DAG` to its end and returns every span of its trace, from both sides. */
async function run(protocol: Protocol, create: (plane: Plane) => Promise<{ id: string; traceId: string }>) {
  const receiver = await aReceiver(protocol);
  const workerSpans = recordWorkerSpans();
  const plane = await aPlane({ endpoint: receiver.endpoint, protocol });
  const { id, traceId } = await create(plane); // before there is a worker: its stages wait in the queue
  plane.work([step()]);
  await plane.pipelogiq.pipelines.waitForSuccess(id);
  const ids = await storedIds(plane, id);
  await received(receiver, [ids.root, ...Object.values(ids.stages)]);
  await plane.close();
  const spans = [...serverSpans(receiver), ...workerSpans()].filter((span) => span.traceId === traceId);
  return { receiver, traceId, ids, spans, tree: treeOf(spans) };
}

type Ran = Awaited<ReturnType<typeof run>>;

function expectWholeTree({ tree, ids, spans, receiver, traceId }: Ran): void {
  const ownStages = tree.childrenOf(ids.root);
  expect(Object.fromEntries(ownStages.map((span) => [span.name, span.spanId]))).toEqual(ids.stages);
  const attempts = Object.entries(ids.stages).map(([name, spanId]) => [
    name,
    tree.childrenOf(spanId).filter((span) => span.from === 'worker' && span.name === 'process step').length,
  ]);
  expect(Object.fromEntries(attempts)).toEqual({ left: 1, right: 2, join: 1 });
  expect(spans.filter((span) => span.name === 'process step')).toHaveLength(4);
  for (const spanId of Object.values(ids.stages)) {
    const stage = receiver.spans().find((span) => span.spanId === spanId);
    expect(stage?.traceId).toBe(traceId);
    expect(stage?.attributes['pipelogiq.queue_wait_ms']).toBeGreaterThanOrEqual(0);
    const deliveries = stage?.attributes['cicd.pipeline.task.name'] === 'right' ? 2 : 1;
    const events = stage?.events ?? [];
    expect(events).toHaveLength(3 * deliveries); // ready, leased, ended
    for (let at = 0; at < events.length; at += 3) {
      const [ready, leased, ended] = events.slice(at, at + 3);
      expect(ready?.atMs).toBeLessThanOrEqual(leased?.atMs ?? 0);
      expect(leased?.atMs).toBeLessThanOrEqual(ended?.atMs ?? 0);
      expect(leased?.attributes['pipelogiq.queue_wait_ms']).toBe((leased?.atMs ?? 0) - (ready?.atMs ?? 0));
    }
  }
}

describe.each(['http/protobuf', 'grpc'] as const)('the trace of a graph with one retry, over %s', (protocol) => {
  it('is one tree with the pipeline as its root when the caller has no trace', async () => {
    const ran = await run(protocol, (plane) => plane.post(DAG));
    expect(ran.tree.tops).toMatchObject([{ name: 'RUN traced', spanId: ran.ids.root, from: 'server' }]);
    expect(ran.tree.tops[0]?.parentSpanId).toBeUndefined();
    expectWholeTree(ran);
  });

  it('hangs under the caller whose traceparent came as a field', async () => {
    const ran = await run(protocol, (plane) => plane.post({ ...DAG, traceparent: TRACEPARENT, tracestate: 'vendor=1' }));
    expect(ran.traceId).toBe(CALLER_TRACE);
    expect(ran.tree.tops).toMatchObject([{ name: 'RUN traced', parentSpanId: CALLER_SPAN }]);
    expect(ran.receiver.spans().find((span) => span.spanId === ran.ids.root)?.traceState).toBe('vendor=1');
    expectWholeTree(ran);
  });
});

describe('the caller of a pipeline', () => {
  it('gives its trace by header, and sees the request beside the pipeline', async () => {
    const ran = await run('http/protobuf', (plane) => plane.post(DAG, { traceparent: TRACEPARENT }));
    expect(ran.traceId).toBe(CALLER_TRACE);
    expect(ran.tree.tops.map((span) => [span.name, span.parentSpanId]).sort()).toEqual([
      ['POST /pipelines', CALLER_SPAN],
      ['RUN traced', CALLER_SPAN],
    ]);
    expectWholeTree(ran);
  });

  it('is the root of everything when it creates with the SDK inside a span', async () => {
    const ran = await run('http/protobuf', ({ pipelogiq }) =>
      trace.getTracer('test').startActiveSpan('checkout', async (span) => {
        try {
          return await pipelogiq.pipelines.create(DAG as never);
        } finally {
          span.end();
        }
      }),
    );
    expect(ran.tree.tops).toMatchObject([{ name: 'checkout', from: 'worker' }]);
    const create = ran.spans.find((span) => span.name === 'create traced');
    expect(ran.tree.childrenOf(create?.spanId ?? '').map((span) => span.name)).toContain('RUN traced');
    expectWholeTree(ran);
  });

  it.each([
    ['version ff', `ff-${CALLER_TRACE}-${CALLER_SPAN}-01`],
    ['an empty trace id', `00-${'0'.repeat(32)}-${CALLER_SPAN}-01`],
    ['an empty span id', `00-${CALLER_TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', TRACEPARENT.toUpperCase()],
    ['something else', 'nonsense'],
  ])('gets a trace of its own when its traceparent is %s', async (_, traceparent) => {
    const { call, controlPlane } = await harness();
    for (const created of [
      await call<{ traceId: string }>('POST', '/pipelines', { ...DAG, traceparent }),
      await call<{ traceId: string }>('POST', '/pipelines', DAG, { traceparent }),
    ]) {
      expect(created.traceId).not.toBe(CALLER_TRACE);
      expect(created.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    }
    await controlPlane.close();
  });
});

it('shows how long each delivery waited in the queue, by the clock', async () => {
  const receiver = await aReceiver();
  const { create, worker, controlPlane } = await harness({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
  await create({ stages: [{ name: 'a', backoff: { type: 'fixed', delayMs: 10_000, jitter: false } }] });
  const w = await worker();
  await controlPlane.advance(7_000);
  await w.nack(await w.one());
  await controlPlane.advance(10_000 + 2_000); // ready after its backoff, and two seconds in the queue
  await w.ack(await w.one());
  await controlPlane.advance(1_000);
  const stage = (await receiver.waitFor(2)).find((span) => span.name === 'a');
  expect(stage?.attributes).toMatchObject({ 'pipelogiq.queue_wait_ms': 9_000, 'pipelogiq.attempts': 2 });
  const leased = stage?.events.filter((event) => event.name.endsWith('leased'));
  expect(leased?.map((event) => event.attributes['pipelogiq.queue_wait_ms'])).toEqual([7_000, 2_000]);
  await controlPlane.close();
});
