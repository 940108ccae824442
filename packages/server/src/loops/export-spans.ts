import type { Group } from '../domain/commit/tickets.js';
import type { Reads, SpanAttempt, SpanPipeline, SpanSource, SpanStage } from '../store/store.js';
import type { FinishedSpan } from '../telemetry/finished-spans.js';

const BATCH = 200;

export interface ExportDeps {
  reads: Pick<Reads, 'queuedSpans'>;
  export(records: readonly FinishedSpan[]): Promise<void>;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  /** Tells of a record that the collector will never take. */
  onRefused(error: unknown): void;
}

/**
 * Sends the spans of ended work and removes them from the queue only after the collector took them: a crash in between sends them
 * again, under the same ids.
 */
export async function exportSpans(deps: ExportDeps): Promise<{ more: boolean }> {
  const queued = await deps.reads.queuedSpans(BATCH);
  if (queued.length === 0) return { more: false };
  await sendAll(
    deps,
    queued.flatMap(({ source }) => (source ? recordOf(source) : [])),
  );
  await deps.inGroup(({ tx }) => tx.removeSpans(queued.map((row) => row.id)));
  return { more: queued.length === BATCH };
}

/** When the collector refuses a batch for good, each record goes alone, and only the bad one is given up. */
async function sendAll(deps: ExportDeps, records: readonly FinishedSpan[]): Promise<void> {
  try {
    await deps.export(records);
  } catch (error) {
    if (!isFinal(error)) throw error;
    for (const record of records) {
      await deps.export([record]).catch((single) => {
        if (!isFinal(single)) throw single;
        deps.onRefused(single);
      });
    }
  }
}

const isFinal = (error: unknown): boolean => error instanceof Error && 'retryable' in error && error.retryable === false;

const recordOf = ({ pipeline, stage, attempts }: SpanSource): FinishedSpan[] =>
  stage === null ? pipelineRecord(pipeline) : stageRecord(pipeline, stage, attempts);

const traceOf = (pipeline: SpanPipeline) => ({
  traceId: pipeline.trace_id,
  rootSpanId: pipeline.root_span_id,
  flags: pipeline.trace_flags,
  tracestate: pipeline.tracestate ?? undefined,
  pipelineId: String(pipeline.id),
  application: pipeline.application,
});

function pipelineRecord(pipeline: SpanPipeline): FinishedSpan[] {
  const { status, finished_at: finishedAt } = pipeline;
  if (finishedAt === null || (status !== 'completed' && status !== 'failed' && status !== 'cancelled')) return [];
  return [
    {
      kind: 'pipeline',
      ...traceOf(pipeline),
      name: pipeline.name,
      parentSpanId: pipeline.parent_span_id ?? undefined,
      status,
      trigger: pipeline.trigger,
      createdAt: pipeline.created_at,
      startedAt: pipeline.started_at ?? undefined,
      finishedAt,
      keywords: pipeline.keywords === null ? undefined : (JSON.parse(pipeline.keywords) as string[]),
    },
  ];
}

function stageRecord(pipeline: SpanPipeline, stage: SpanStage, attempts: readonly SpanAttempt[]): FinishedSpan[] {
  if (stage.finished_at === null) return [];
  const error = stage.error === null ? undefined : (JSON.parse(stage.error) as { message?: string });
  return [
    {
      kind: 'stage',
      ...traceOf(pipeline),
      stageId: String(stage.id),
      pipelineName: pipeline.name,
      spanId: stage.span_id,
      name: stage.name,
      handler: stage.handler,
      status: stage.status,
      attempts: stage.attempts,
      fencingToken: stage.fencing_token,
      // A stage that was never leased — an event stage, for one — waited from when it was ready to its end.
      readyAt: (stage.leased_at === null ? stage.ready_at : stage.delivery_ready_at) ?? undefined,
      startedAt: stage.leased_at ?? undefined,
      finishedAt: stage.finished_at,
      errorCode: stage.error_code ?? undefined,
      errorMessage: error?.message,
      deliveries: deliveriesOf(stage, attempts),
    },
  ];
}

/** The latest delivery stands in the stage's own row, and in the archive too when the stage goes on after it. */
function deliveriesOf(stage: SpanStage, attempts: readonly SpanAttempt[]): ReturnType<typeof deliveryOf>[] {
  const archived = attempts.map(deliveryOf);
  const { outcome, delivery_ready_at: readyAt, leased_at: leasedAt, settled_at: settledAt, fencing_token: token } = stage;
  if (outcome === null || readyAt === null || leasedAt === null || settledAt === null) return archived;
  if (attempts.some((attempt) => attempt.fencing_token === token)) return archived;
  const times = { ready_at: readyAt, leased_at: leasedAt, settled_at: settledAt };
  return [...archived, deliveryOf({ ...stage, ...times, stage_id: stage.id, worker_id: stage.worker_id ?? 0, outcome })];
}

const deliveryOf = (attempt: SpanAttempt) => ({
  fencingToken: attempt.fencing_token,
  spanId: attempt.span_id,
  outcome: attempt.outcome,
  readyAt: attempt.ready_at,
  startedAt: attempt.leased_at,
  finishedAt: attempt.settled_at,
  errorCode: attempt.error_code ?? undefined,
  workerId: String(attempt.worker_id),
});
