import { z } from '@hono/zod-openapi';
import { STAGE_ERROR_CODES } from '@pipelogiq/protocol';
import { count, id, json, name, optional } from './common.js';
import { stageError } from './jobs.js';

const outcome = z.enum(['completed', 'failed']);

export const completeStage = z
  .strictObject({ outcome: optional(outcome), output: optional(json), error: optional(stageError) })
  .openapi('CompleteStage', { example: { output: { approvedBy: 'ada' } } });

export const stageCompleted = z
  .object({
    id,
    status: outcome,
    repeated: optional(z.boolean()),
    failedBecause: optional(z.enum(STAGE_ERROR_CODES)),
  })
  .openapi('StageCompleted', { example: { id: '42', status: 'completed' } });

export const issueEventToken = z
  .strictObject({ revokeOthers: optional(z.boolean()) })
  .openapi('IssueEventToken', { example: { revokeOthers: true } });

export const eventTokenRequest = z
  .strictObject({ workerId: id, fencingToken: count, stage: name() })
  .openapi('EventTokenRequest', { example: { workerId: '7', fencingToken: 1, stage: 'approve' } });

export const eventToken = z
  .object({ stageId: id, token: z.string() })
  .openapi('EventToken', { example: { stageId: '42', token: 'plqe_q0mZ…' } });
