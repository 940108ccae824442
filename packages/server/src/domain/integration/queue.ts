import type { FailedPipelineRow, FailedStageRow, NewDeliveryOf, WantedKind } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { DeployMark, PipelineFailure, StageFailure } from './kind.js';

/** Of one group, for each integration; a storm beyond is what insights and alerts tell of. */
const MOST_FAILURES = 200;
/** Ids of log lines in one delivery. */
const LINES = 100;
const MAX_MESSAGE = 8_192;
const MAX_STACK = 8_192;

/** Queues what failed for the integrations that want it, in the transaction of the failure. */
export async function queueFailures(
  group: Group,
  { stages, pipelines }: { stages: readonly number[]; pipelines: readonly number[] },
): Promise<void> {
  if (stages.length > 0) await queue(group, 'wants_stage_failures', () => stageFailures(group, stages));
  if (pipelines.length > 0) await queue(group, 'wants_pipeline_failures', () => pipelineFailures(group, pipelines));
}

export async function queueMark(group: Group, applicationId: number, mark: Omit<DeployMark, 'kind'>): Promise<void> {
  const told: DeployMark = { kind: 'mark', ...mark };
  await queue(group, 'wants_marks', async () => [{ applicationId, kind: 'mark', payload: JSON.stringify(told) }]);
}

/** @param ids - of log lines */
export async function queueLogs(group: Group, applicationId: number, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await queue(group, 'wants_logs', async () =>
    Array.from({ length: Math.ceil(ids.length / LINES) }, (_, at) => ({
      applicationId,
      kind: 'logs' as const,
      payload: JSON.stringify(ids.slice(at * LINES, (at + 1) * LINES)),
    })),
  );
}

interface Told extends Pick<NewDeliveryOf, 'kind' | 'payload'> {
  applicationId: number;
}

/** Most servers have no integrations: then one small query is all that it costs. */
async function queue({ tx, now, effects }: Group, wanted: WantedKind, tell: () => Promise<Told[]>): Promise<void> {
  const configs = await tx.integrationsWanting(wanted);
  if (configs.length === 0) return;
  const told = await tell();
  const rows = configs.flatMap(({ id, application_id }) =>
    told.flatMap(({ applicationId, kind, payload }) =>
      applicationId === application_id ? [{ config_id: id, kind, payload }] : [],
    ),
  );
  if (rows.length === 0) return;
  await tx.queueDeliveries(rows, now);
  if (wanted !== 'wants_logs') effects.hasDeliveries = true; // lines gather until the next round
}

async function stageFailures({ tx, now }: Group, ids: readonly number[]): Promise<Told[]> {
  const rows = await tx.failedStages(ids.slice(0, MOST_FAILURES));
  return rows.map((row) => ({
    applicationId: row.application_id,
    kind: 'stage_failed',
    payload: JSON.stringify(stageFailure(row, now)),
  }));
}

async function pipelineFailures({ tx, now }: Group, ids: readonly number[]): Promise<Told[]> {
  const rows = await tx.failedPipelines(ids.slice(0, MOST_FAILURES));
  return rows.map((row) => ({
    applicationId: row.application_id,
    kind: 'pipeline_failed',
    payload: JSON.stringify(pipelineFailure(row, now)),
  }));
}

const labels = ({ environment, version }: Pick<FailedStageRow, 'environment' | 'version'>) => ({
  ...(environment !== null && { environment }),
  ...(version !== null && { version }),
});

function stageFailure(row: FailedStageRow, now: number): StageFailure {
  const error = row.error === null ? {} : (JSON.parse(row.error) as { message?: string; stack?: string });
  return {
    kind: 'stage_failed',
    at: row.finished_at ?? now,
    application: row.application,
    pipelineId: String(row.pipeline_id),
    pipeline: row.pipeline,
    ...labels(row),
    traceId: row.trace_id,
    stageId: String(row.id),
    stage: row.name,
    handler: row.handler,
    spanId: row.span_id,
    attempts: row.attempts,
    fencingToken: row.fencing_token,
    code: row.error_code ?? 'failed',
    message: (error.message ?? '').slice(0, MAX_MESSAGE),
    ...(error.stack !== undefined && { stack: error.stack.slice(0, MAX_STACK) }),
  };
}

const pipelineFailure = (row: FailedPipelineRow, now: number): PipelineFailure => ({
  kind: 'pipeline_failed',
  at: row.finished_at ?? now,
  application: row.application,
  pipelineId: String(row.id),
  pipeline: row.name,
  ...labels(row),
  traceId: row.trace_id,
  spanId: row.root_span_id,
  run: row.run,
  failedStages: row.stages_failed,
  ...(row.started_at !== null && row.finished_at !== null && { durationMs: row.finished_at - row.started_at }),
});
