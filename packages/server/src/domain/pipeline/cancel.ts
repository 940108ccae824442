import type { FinalPipelineStatus, PipelineStatus } from '@pipelogiq/protocol';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { notFound, stagesOf } from '../ids.js';

/**
 * Cancels everything that is not final. Running deliveries lose their leases in the same statement: their workers hear of it with
 * the next heartbeat, and their settles are refused. Cancelling twice is the same as once.
 */
export async function cancelPipeline(group: Group, applicationId: number, id: number, reason: string | undefined): Promise<void> {
  const { tx, now, effects } = group;
  await tx.lockPipelines([id]);
  const [pipeline] = await tx.pipelineStatuses([id]);
  if (!pipeline || pipeline.application_id !== applicationId) throw notFound('pipeline', String(id));
  if (pipeline.status === 'cancelled') return;
  if (isFinal(pipeline.status)) {
    throw new DomainError('state_conflict', `The pipeline is ${pipeline.status} already and cannot be cancelled.`);
  }
  const stages = await tx.cancelStages(stagesOf(id), now);
  await tx.cancelPipeline(id, stages.length, reason ?? null, now);
  for (const stage of stages) {
    effects.endedStages.push(stage.id); // also those between two attempts: workers' spans hang under them
    effects.events.add('stage_cancelled', stage);
    effects.counts.moved(stage);
  }
  effects.endPipeline({ ...pipeline, status: 'cancelled' });
}

export const isFinal = (status: PipelineStatus): status is FinalPipelineStatus =>
  status === 'completed' || status === 'failed' || status === 'cancelled';
