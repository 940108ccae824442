import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { type AnyHandler, defineHandler, NonRetryableError, Pipelogiq, type Worker } from '@pipelogiq/sdk';
import { onTestFinished } from 'vitest';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '../../src/index.js';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.js';
import { aDatabase } from '../support/stores.js';

export type Protocol = 'http/protobuf' | 'grpc';

/** What both sides' spans have in common, enough to build the tree. */
export interface TreeSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string | undefined;
  name: string;
  from: 'server' | 'worker';
}

/** Registers an OpenTelemetry SDK for the worker in this process; its spans stay in memory. */
export function recordWorkerSpans(): () => TreeSpan[] {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  onTestFinished(() => {
    trace.disable();
    context.disable();
  });
  return () =>
    exporter.getFinishedSpans().map((span) => ({
      ...span.spanContext(),
      parentSpanId: span.parentSpanContext?.spanId,
      name: span.name,
      from: 'worker' as const,
    }));
}

export async function aReceiver(protocol: Protocol = 'http/protobuf', port = 0): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver({ protocol, port });
  onTestFinished(() => receiver.close());
  return receiver;
}

export interface Plane {
  controlPlane: ControlPlane;
  pipelogiq: Pipelogiq;
  database: string;
  /** Creates without an SDK, as any other program would. */
  post(body: object, headers?: Record<string, string>): Promise<{ id: string; traceId: string }>;
  work(handlers: AnyHandler[]): Worker;
  /** Ends the workers, then the control plane: every span that it holds in memory goes out. */
  close(): Promise<void>;
}

/** A control plane on a port and a database that outlives it, which sends its spans to `endpoint`. */
export async function aPlane({
  endpoint,
  protocol = 'http/protobuf',
  database: given,
  env = {},
  ...options
}: ControlPlaneOptions & { endpoint: string; protocol?: Protocol }): Promise<Plane> {
  const otel = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
  };
  const database = given ?? (await aDatabase());
  const controlPlane = await createControlPlane({ database, logLevel: 'silent', ...options, env: { ...otel, ...env } });
  const { url } = await controlPlane.listen({ port: 0 });
  const { apiKey } = controlPlane.connection();
  const pipelogiq = new Pipelogiq({ url, apiKey });
  const ends: (() => Promise<unknown>)[] = [];
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= Promise.all(ends.map((end) => end())).then(() => controlPlane.close());
    return closed;
  };
  onTestFinished(close);
  return {
    controlPlane,
    pipelogiq,
    database,
    close,
    post: async (body, headers = {}) => {
      const init = { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(`${url}/pipelines`, {
        ...init,
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      });
      if (response.status !== 201) throw new Error(await response.text());
      return (await response.json()) as { id: string; traceId: string };
    },
    work: (handlers) => {
      const worker = pipelogiq.worker({ handlers, signals: false, waitMs: 1_000 });
      const done = worker.run();
      ends.push(() => {
        worker.stop();
        return done;
      });
      return worker;
    },
  };
}

/** left and right in parallel, then join; `right` fails once. */
export const DAG = {
  name: 'traced',
  stages: [
    { name: 'left', handler: 'step', dependsOn: [] },
    { name: 'right', handler: 'step', dependsOn: [], backoff: { type: 'fixed', delayMs: 1, jitter: false } },
    { name: 'join', handler: 'step', dependsOn: ['left', 'right'] },
  ],
} as const;

/** Runs every stage of `DAG`; the first attempt of `right` breaks, and stages named `bad` break for good. */
export const step = (): AnyHandler =>
  defineHandler('step', {}, (_input: unknown, job) => {
    if (job.stage === 'right' && job.attempt === 1) throw new Error('once more');
    if (job.stage === 'bad') throw new NonRetryableError('never');
    return job.stage;
  });

export interface Tree {
  /** Spans whose parent is none of ours. */
  tops: TreeSpan[];
  childrenOf(spanId: string): TreeSpan[];
}

export function treeOf(spans: readonly TreeSpan[]): Tree {
  const ids = new Set(spans.map((span) => span.spanId));
  if (ids.size !== spans.length) throw new Error('two spans have one id');
  return {
    tops: spans.filter((span) => span.parentSpanId === undefined || !ids.has(span.parentSpanId)),
    childrenOf: (spanId) => spans.filter((span) => span.parentSpanId === spanId),
  };
}

/** Resolves when the receiver has a span with each of these ids. */
export async function received(receiver: OtlpReceiver, spanIds: readonly string[]): Promise<void> {
  const missing = (): boolean => !spanIds.every((id) => receiver.spans().some((span) => span.spanId === id));
  while (missing()) await receiver.waitFor(receiver.spans().length + 1);
}

export const serverSpans = (receiver: OtlpReceiver): TreeSpan[] =>
  receiver.spans().map(({ traceId, spanId, parentSpanId, name }) => ({ traceId, spanId, parentSpanId, name, from: 'server' }));

/** Ids that the database has of a pipeline: of its own span and of its stages', by name. */
export async function storedIds({ pipelogiq }: Plane, id: string): Promise<{ root: string; stages: Record<string, string> }> {
  const { rootSpanId } = await pipelogiq.pipelines.get(id);
  const stages = await pipelogiq.pipelines.stages(id);
  return { root: rootSpanId, stages: Object.fromEntries(stages.map((stage) => [stage.name, stage.spanId])) };
}
