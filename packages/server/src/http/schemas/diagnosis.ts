import { z } from '@hono/zod-openapi';
import { type DiagnosisCode, STAGE_STATUSES } from '@pipelogiq/protocol';
import { count, id, optional, time } from './common.js';
import { stageError } from './jobs.js';

const status = z.enum(STAGE_STATUSES);
const dependencies = z.array(z.object({ stageId: id, name: z.string(), status }).openapi('DiagnosedDependency'));

const reason = <Code extends DiagnosisCode, Details extends z.ZodRawShape>(code: Code, details: Details) =>
  z.object({ code: z.literal(code), message: z.string(), since: optional(time), until: optional(time), ...details });

const handler = z.string();

const diagnosisReason = z
  .discriminatedUnion('code', [
    reason('finished', { error: optional(stageError) }),
    reason('leased', {
      workerId: id,
      workerName: optional(z.string()),
      fencingToken: count,
      attempt: count,
      maxAttempts: count,
      timeoutAt: optional(time),
      heartbeatAgeMs: optional(count),
    }),
    reason('waiting_event', {}),
    reason('blocked', { dependencies }),
    reason('pipeline_not_started', {}),
    reason('dependency', { open: count, dependencies }),
    reason('backoff', { attempt: count, maxAttempts: count, lastError: optional(stageError) }),
    reason('delay', {}),
    reason('throttled', {}),
    reason('paused', {}),
    reason('no_worker', {
      handler,
      didYouMean: optional(z.string()),
      lastWorker: optional(z.object({ id, name: z.string(), lastSeenAt: time })),
    }),
    reason('workers_draining', { handler, workers: count }),
    reason('all_busy', { handler, workers: count, inFlight: count, ahead: count }),
    reason('ready_now', { handler, workers: count, ahead: count }),
  ])
  .openapi('DiagnosisReason');

export const stageDiagnosis = z
  .object({ stageId: id, status, runnable: z.boolean(), reasons: z.array(diagnosisReason), checkedAt: time })
  .openapi('StageDiagnosis');
