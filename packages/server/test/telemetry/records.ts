import type { FinishedPipelineSpan, FinishedStageSpan, SpanDelivery } from '../../src/telemetry/finished-spans.js';
import type { SpanParts } from '../../src/telemetry/spans.js';

export const T0 = Date.parse('2026-01-02T03:04:05.000Z');
export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
export const ROOT_SPAN_ID = '00f067aa0ba902b7';

/** The queue row of a finished pipeline; times are milliseconds after T0. */
export const aPipelineSpan = (over: Partial<FinishedPipelineSpan> = {}): FinishedPipelineSpan => ({
  kind: 'pipeline',
  pipelineId: '7',
  name: 'order',
  application: 'default',
  traceId: TRACE_ID,
  rootSpanId: ROOT_SPAN_ID,
  flags: 1,
  status: 'completed',
  trigger: 'api',
  createdAt: T0,
  startedAt: T0 + 40,
  finishedAt: T0 + 3_000,
  ...over,
});

export const aDelivery = (over: Partial<SpanDelivery> = {}): SpanDelivery => ({
  fencingToken: 1,
  spanId: 'a'.repeat(16),
  outcome: 'completed',
  readyAt: T0,
  startedAt: T0 + 40,
  finishedAt: T0 + 100,
  workerId: '3',
  ...over,
});

export const aStageSpan = (over: Partial<FinishedStageSpan> = {}): FinishedStageSpan => ({
  kind: 'stage',
  stageId: '11',
  pipelineId: '7',
  pipelineName: 'order',
  application: 'default',
  traceId: TRACE_ID,
  spanId: 'a'.repeat(16),
  rootSpanId: ROOT_SPAN_ID,
  flags: 1,
  name: 'charge',
  handler: 'charge-card',
  status: 'completed',
  attempts: 1,
  fencingToken: 1,
  readyAt: T0,
  startedAt: T0 + 40,
  finishedAt: T0 + 100,
  deliveries: [aDelivery()],
  ...over,
});

/** A DAG charge → pack → mail; pack fails once and is retried after a second. */
export const threeStagesWithOneRetry = () => [
  aStageSpan(),
  aStageSpan({
    stageId: '12',
    spanId: 'b'.repeat(16),
    name: 'pack',
    handler: 'pack-parcel',
    attempts: 2,
    fencingToken: 2,
    readyAt: T0 + 1_200,
    startedAt: T0 + 1_230,
    finishedAt: T0 + 1_300,
    deliveries: [
      aDelivery({
        spanId: 'b'.repeat(16),
        outcome: 'retried',
        errorCode: 'flaky',
        readyAt: T0 + 100,
        startedAt: T0 + 120,
        finishedAt: T0 + 200,
      }),
      aDelivery({
        spanId: 'b'.repeat(16),
        fencingToken: 2,
        readyAt: T0 + 1_200,
        startedAt: T0 + 1_230,
        finishedAt: T0 + 1_300,
      }),
    ],
  }),
  aStageSpan({
    stageId: '13',
    spanId: 'c'.repeat(16),
    name: 'mail',
    handler: 'send-mail',
    readyAt: T0 + 1_300,
    startedAt: T0 + 1_310,
    finishedAt: T0 + 3_000,
    deliveries: [], // as a store gives it that keeps the last delivery on the stage row
  }),
  aPipelineSpan(),
];

/** What the SDK sends from a worker for one delivery: a CONSUMER span below the stage's. */
export const aWorkerSpan = (stage: FinishedStageSpan, spanId: string, over: Partial<SpanParts> = {}): SpanParts => ({
  name: `process ${stage.handler}`,
  kind: 4,
  traceId: stage.traceId,
  spanId,
  flags: 1,
  parent: { spanId: stage.spanId, isRemote: true },
  startedAt: stage.startedAt ?? T0,
  endedAt: stage.finishedAt,
  status: { code: 0 },
  attributes: {},
  ...over,
});
