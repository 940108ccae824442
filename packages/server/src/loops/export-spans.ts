import type { Group } from '../domain/commit/tickets.js';
import type { AttemptRow, PipelineRow, Reads, StageRow } from '../store/store.js';
import type { FinishedSpan } from '../telemetry/finished-spans.js';

const BATCH = 200;

export interface ExportDeps {
  reads: Reads;
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
  const queued = await deps.inGroup(({ tx }) => tx.queuedSpans(BATCH));
  if (queued.length === 0) return { more: false };
  const records = await readRecords(deps.reads, queued);
  await sendAll(deps, records);
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

async function readRecords(reads: Reads, queued: { pipeline_id: number; stage_id: number | null }[]): Promise<FinishedSpan[]> {
  const stageIds = queued.flatMap((row) => (row.stage_id === null ? [] : [row.stage_id]));
  const pipelines = new Map(
    (await reads.pipelinesById([...new Set(queued.map((row) => row.pipeline_id))])).map((row) => [row.id, row]),
  );
  const stages = new Map((await reads.stagesById(stageIds)).map((row) => [row.id, row]));
  const attempts = await reads.attemptsOfStages(stageIds);
  return queued.flatMap((row): FinishedSpan[] => {
    const pipeline = pipelines.get(row.pipeline_id);
    if (!pipeline) return []; // pruned meanwhile
    if (row.stage_id === null) return pipelineRecord(pipeline);
    const stage = stages.get(row.stage_id);
    return stage ? stageRecord(pipeline, stage, attempts) : [];
  });
}

type NamedPipeline = PipelineRow & { application: string };

const traceOf = (pipeline: NamedPipeline) => ({
  traceId: pipeline.trace_id,
  rootSpanId: pipeline.root_span_id,
  flags: pipeline.trace_flags,
  tracestate: pipeline.tracestate ?? undefined,
  pipelineId: String(pipeline.id),
  application: pipeline.application,
});

function pipelineRecord(pipeline: NamedPipeline): FinishedSpan[] {
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

function stageRecord(pipeline: NamedPipeline, stage: StageRow, attempts: readonly AttemptRow[]): FinishedSpan[] {
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
      deliveries: [...attempts.filter((attempt) => attempt.stage_id === stage.id).map(deliveryOf), ...latestDelivery(stage)],
    },
  ];
}

/** The latest delivery stands in the stage's own row. */
const latestDelivery = (stage: StageRow): ReturnType<typeof deliveryOf>[] =>
  stage.outcome === null || stage.delivery_ready_at === null || stage.leased_at === null || stage.settled_at === null
    ? []
    : [
        deliveryOf({
          ...stage,
          stage_id: stage.id,
          worker_id: stage.worker_id ?? 0,
          outcome: stage.outcome,
          ready_at: stage.delivery_ready_at,
          leased_at: stage.leased_at,
          settled_at: stage.settled_at,
        }),
      ];

const deliveryOf = (attempt: AttemptRow) => ({
  fencingToken: attempt.fencing_token,
  spanId: attempt.span_id,
  outcome: attempt.outcome,
  readyAt: attempt.ready_at,
  startedAt: attempt.leased_at,
  finishedAt: attempt.settled_at,
  errorCode: attempt.error_code ?? undefined,
  workerId: String(attempt.worker_id),
});
