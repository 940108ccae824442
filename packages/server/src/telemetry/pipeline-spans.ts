import { type Attributes, type Link, SpanKind, type SpanStatus } from '@opentelemetry/api';
import { type FinalPipelineStatus, redactSecrets, type StageErrorCode, type StageStatus } from '@pipelogiq/protocol';
import * as names from './attributes.js';
import type { FinishedPipelineSpan, FinishedSpan, FinishedStageSpan, SpanDelivery } from './finished-spans.js';
import { failed, type SpanEvent, type SpanParts, unset } from './spans.js';

type Result = 'success' | 'failure' | 'error' | 'timeout' | 'cancellation' | 'skip';

const PIPELINE_RESULTS: { [S in FinalPipelineStatus]: Result } = {
  completed: 'success',
  failed: 'failure',
  cancelled: 'cancellation',
};
const STAGE_RESULTS: { [S in StageStatus]?: Result } = {
  completed: 'success',
  failed: 'failure',
  cancelled: 'cancellation',
  skipped: 'skip',
  blocked: 'skip',
};
/** Stage failures that are not the handler's own: it ran out of time, or the system gave up on it. */
const ERROR_RESULTS: ReadonlyMap<string | undefined, Result> = new Map<StageErrorCode, Result>([
  ['timed_out', 'timeout'],
  ['pending_timed_out', 'timeout'],
  ['event_timed_out', 'timeout'],
  ['lease_expired', 'error'],
  ['poisoned', 'error'],
  ['input_unresolvable', 'error'],
]);

/** The span of a finished pipeline or stage, with the ids that were given out at creation. */
export const spanOf = (record: FinishedSpan): SpanParts =>
  record.kind === 'pipeline' ? pipelineSpan(record) : stageSpan(record);

/** `RUN {pipeline}`, kind SERVER, as the conventions for CI/CD spans name it; from creation to the end of the last stage. */
function pipelineSpan(record: FinishedPipelineSpan): SpanParts {
  const { traceId, flags, tracestate, parentSpanId, startedAt } = record;
  return {
    name: `RUN ${record.name}`,
    kind: SpanKind.SERVER,
    traceId,
    spanId: record.rootSpanId,
    flags,
    tracestate,
    parent: parentSpanId === undefined ? undefined : { spanId: parentSpanId, isRemote: true },
    startedAt: record.createdAt,
    endedAt: record.finishedAt,
    status: record.status === 'failed' ? failed(undefined) : unset,
    attributes: {
      [names.CICD_PIPELINE_NAME]: record.name,
      [names.CICD_PIPELINE_ACTION_NAME]: 'RUN',
      [names.CICD_PIPELINE_RUN_ID]: record.pipelineId,
      [names.CICD_PIPELINE_RESULT]: PIPELINE_RESULTS[record.status],
      [names.PIPELOGIQ_APPLICATION]: record.application,
      [names.PIPELOGIQ_TRIGGER]: record.trigger,
      ...(record.keywords?.length && { [names.PIPELOGIQ_KEYWORDS]: [...record.keywords] }),
      ...(record.status === 'failed' && { [names.ERROR_TYPE]: 'stage_failed' }),
    },
    events: startedAt === undefined ? [] : [{ name: names.EVENT_STARTED, at: startedAt, attributes: {} }],
  };
}

/**
 * `{stage}`, kind INTERNAL, from the first time that it was ready to its end. The attempts are the workers' own
 * `process {handler}` spans below it, so here each delivery is three events: ready, leased, ended.
 */
function stageSpan(record: FinishedStageSpan): SpanParts {
  const { traceId, spanId, flags, tracestate } = record;
  const deliveries = deliveriesOfThisRun(record);
  return {
    name: record.name,
    kind: SpanKind.INTERNAL,
    traceId,
    spanId,
    flags,
    tracestate,
    parent: { spanId: record.rootSpanId, isRemote: false },
    startedAt: Math.min(deliveries[0]?.readyAt ?? record.finishedAt, record.readyAt ?? record.finishedAt),
    endedAt: record.finishedAt,
    status: stageStatus(record),
    attributes: stageAttributes(record, deliveries),
    events: deliveries.length > 0 ? deliveries.flatMap(deliveryEvents) : readyOnly(record),
    links: linksToEarlierRuns(record),
  };
}

function stageAttributes(record: FinishedStageSpan, deliveries: readonly SpanDelivery[]): Attributes {
  const workerId = deliveries.at(-1)?.workerId;
  return {
    [names.CICD_PIPELINE_NAME]: record.pipelineName,
    [names.CICD_PIPELINE_RUN_ID]: record.pipelineId,
    [names.CICD_PIPELINE_TASK_NAME]: record.name,
    [names.CICD_PIPELINE_TASK_RUN_ID]: record.stageId,
    [names.CICD_PIPELINE_TASK_RUN_RESULT]: stageResult(record),
    [names.MESSAGING_SYSTEM]: 'pipelogiq',
    [names.MESSAGING_DESTINATION_NAME]: record.handler,
    [names.MESSAGING_MESSAGE_ID]: record.stageId,
    [names.PIPELOGIQ_APPLICATION]: record.application,
    [names.PIPELOGIQ_STATUS]: record.status,
    [names.PIPELOGIQ_ATTEMPTS]: record.attempts,
    [names.PIPELOGIQ_QUEUE_WAIT_MS]: queueWaitMs(record, deliveries),
    ...(workerId !== undefined && { [names.CICD_WORKER_ID]: workerId }),
    ...(record.status === 'failed' && { [names.ERROR_TYPE]: record.errorCode ?? '_OTHER' }),
  };
}

const stageResult = ({ status, errorCode }: FinishedStageSpan): Result =>
  (status === 'failed' ? ERROR_RESULTS.get(errorCode) : undefined) ?? STAGE_RESULTS[status] ?? 'error';

const stageStatus = ({ status, errorCode, errorMessage }: FinishedStageSpan): SpanStatus =>
  status === 'failed' ? failed(redactSecrets(errorMessage ?? errorCode ?? '')) : unset;

/** The deliveries under this span id, oldest first, the last one added from the stage itself when it is not among them. */
function deliveriesOfThisRun(record: FinishedStageSpan): SpanDelivery[] {
  const { fencingToken, spanId, startedAt, finishedAt, errorCode } = record;
  const own = record.deliveries.filter((delivery) => delivery.spanId === spanId);
  if (startedAt !== undefined && !record.deliveries.some((delivery) => delivery.fencingToken === fencingToken))
    own.push({ fencingToken, spanId, readyAt: record.readyAt ?? startedAt, startedAt, finishedAt, errorCode });
  return own.sort((a, b) => a.fencingToken - b.fencingToken);
}

function deliveryEvents(delivery: SpanDelivery): SpanEvent[] {
  const token = { [names.PIPELOGIQ_FENCING_TOKEN]: delivery.fencingToken };
  const { readyAt, startedAt, finishedAt, outcome, errorCode, workerId } = delivery;
  return [
    { name: names.EVENT_READY, at: readyAt, attributes: token },
    {
      name: names.EVENT_LEASED,
      at: startedAt,
      attributes: {
        ...token,
        [names.PIPELOGIQ_QUEUE_WAIT_MS]: waited(delivery),
        ...(workerId !== undefined && { [names.CICD_WORKER_ID]: workerId }),
      },
    },
    {
      name: names.EVENT_ENDED,
      at: finishedAt,
      attributes: {
        ...token,
        ...(outcome !== undefined && { [names.PIPELOGIQ_OUTCOME]: outcome }),
        ...(errorCode !== undefined && { [names.ERROR_TYPE]: errorCode }),
      },
    },
  ];
}

const readyOnly = ({ readyAt }: FinishedStageSpan): SpanEvent[] =>
  readyAt === undefined ? [] : [{ name: names.EVENT_READY, at: readyAt, attributes: {} }];

const waited = ({ readyAt, startedAt }: SpanDelivery): number => Math.max(startedAt - readyAt, 0);

/** A stage that was ready but never leased waited until its end. */
function queueWaitMs(record: FinishedStageSpan, deliveries: readonly SpanDelivery[]): number {
  if (deliveries.length > 0) return deliveries.reduce((sum, delivery) => sum + waited(delivery), 0);
  return record.readyAt === undefined ? 0 : Math.max(record.finishedAt - record.readyAt, 0);
}

/** A rerun gives the stage a new span id; links lead back to the spans of the runs before it. */
function linksToEarlierRuns({ traceId, flags, spanId, deliveries }: FinishedStageSpan): Link[] {
  const earlier = new Set(deliveries.map((delivery) => delivery.spanId).filter((id) => id !== spanId));
  return [...earlier].map((id) => ({ context: { traceId, spanId: id, traceFlags: flags } }));
}
