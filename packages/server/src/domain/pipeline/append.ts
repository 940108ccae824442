import { hash } from 'node:crypto';
import type { AppendStages, StagesAppended } from '@pipelogiq/protocol';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import type { AddedStages } from './added-stages.js';
import { isFinal } from './cancel.js';
import { changeGraph, loadPipeline, lockedPipeline, type Randomness } from './change-graph.js';
import { GrowingPipeline } from './growing-pipeline.js';

/** Adds stages from outside to a pipeline that has not ended. The same key and stages again get the first answer. */
export async function appendStages(
  group: Group,
  clock: Randomness,
  applicationId: number,
  id: number,
  request: AppendStages,
  added: AddedStages,
): Promise<StagesAppended> {
  const { tx } = group;
  const pipeline = await lockedPipeline(group, applicationId, id);
  const bodyHash = hash('sha256', JSON.stringify(request.stages));
  const known = request.idempotencyKey === undefined ? undefined : await tx.stageAppend(id, request.idempotencyKey);
  if (known) {
    if (known.body_hash !== bodyHash) {
      throw new DomainError('idempotency_conflict', 'The idempotency key was used for other stages; use a new key.');
    }
    return { stages: JSON.parse(known.stages) as StagesAppended['stages'], created: false };
  }
  if (isFinal(pipeline.status)) {
    throw new DomainError('state_conflict', `The pipeline is ${pipeline.status}: no stage can be added any more.`);
  }
  const growing = await GrowingPipeline.open(group, pipeline, [{ added }]);
  const rows = await growing.add({ added });
  await growing.write();
  await changeGraph(group, await loadPipeline(group, applicationId, id), {}, clock); // which of them are ready
  const stages = rows.map((row) => ({ id: String(row.id), name: row.name }));
  if (request.idempotencyKey !== undefined) {
    const row = { pipeline_id: id, idempotency_key: request.idempotencyKey, body_hash: bodyHash, stages: JSON.stringify(stages) };
    await tx.insertStageAppend(row);
  }
  return { stages, created: true };
}
