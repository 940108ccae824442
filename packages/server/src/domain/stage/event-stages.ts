import type { CompleteStage, EventToken, StageStatus } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Reads, StageRow, WaitingStage } from '../../store/store.js';
import { audit, auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { isId, notFound, parseId, pipelineOf, stagesOf } from '../ids.js';
import type { EventCompleter, EventStageUseCases } from '../use-cases.js';
import { completeEvent, type EventResult } from './complete-event.js';
import { isEventToken, newEventToken, withEventToken } from './event-token.js';
import { byteLength, jsonText } from './output.js';
import { holds } from './reports.js';

export interface EventStageDeps {
  committer: Committer;
  reads: Pick<Reads, 'stagesById'>;
  clock: Pick<Clock, 'randomBytes'>;
  maxValueBytes: number;
}

/** Stages that no worker runs: they wait for somebody outside, who completes them with a token or as an operator. */
export function eventStageUseCases(deps: EventStageDeps): EventStageUseCases {
  const { committer, clock } = deps;
  const onStage = <R>(applicationId: number, stageId: number, bytes: number, run: (group: Group) => Promise<R>): Promise<R> =>
    operate(committer, applicationId, undoIfRefused(run), { bytes, pipelines: [pipelineOf(stageId)] });
  const issue = async (group: Group, stage: WaitingStage, revokeOthers: boolean): Promise<EventToken> => {
    checkTakesTokens(stage);
    const token = newEventToken((bytes) => clock.randomBytes(bytes));
    await group.tx.updateEvent(stage.id, { event_tokens: withEventToken(stage, token, revokeOthers) });
    return { stageId: String(stage.id), token };
  };
  return {
    async complete(by, id, request) {
      const { stageId, applicationId } = await admit(deps, by, id);
      const result = readResult(deps, request);
      return onStage(applicationId, stageId, bytesOf(result), async (group) => {
        const stage = await lockStage(group, stageId);
        if (!stage || !mayComplete(stage, by)) throw refusal(by, id);
        const completed = await completeEvent(group, stage, result);
        const entry = { action: 'stage.complete', target: { type: 'stage', id }, details: { status: completed.status } };
        if (completed.repeated) return completed;
        await ('token' in by ? audit(group, { applicationId, actor: 'token' }, entry) : auditBy(group, by.caller, entry));
        return completed;
      });
    },
    async issueToken(caller, id, { revokeOthers = true }) {
      const stageId = parseId(id, 'stage');
      return onStage(caller.applicationId, stageId, 0, async (group) => {
        const stage = await lockStage(group, stageId);
        if (stage?.application_id !== caller.applicationId) throw notFound('stage', id);
        const issued = await issue(group, stage, revokeOthers);
        await auditBy(group, caller, { action: 'stage.token', target: { type: 'stage', id }, details: { revokeOthers } });
        return issued;
      });
    },
    async issueTokenToJob(caller, id, { fencingToken, stage: name }) {
      const jobId = parseId(id, 'job');
      return onStage(caller.applicationId, jobId, 0, async (group) => {
        const { tx } = group;
        await tx.lockPipelines([pipelineOf(jobId)]);
        const [job] = await tx.deliveries([jobId]);
        if (job?.application_id !== caller.applicationId) throw notFound('job', id);
        if (!holds(job, caller, fencingToken)) {
          throw new DomainError('lease_lost', 'The job is not held under this token any more.');
        }
        const stageId = await tx.stageNamed(stagesOf(job.pipeline_id), name);
        const [stage] = stageId === undefined ? [] : await tx.waitingStages([stageId]);
        if (!stage) throw new DomainError('not_found', `The pipeline has no stage named ${JSON.stringify(name)}.`);
        return issue(group, stage, false);
      });
    },
  };
}

async function lockStage({ tx }: Group, stageId: number): Promise<WaitingStage | undefined> {
  await tx.lockPipelines([pipelineOf(stageId)]);
  return (await tx.waitingStages([stageId]))[0];
}

/** Looks before the queue: noise from outside never reaches the writer. The transaction looks again. */
async function admit(
  { reads }: EventStageDeps,
  by: EventCompleter,
  id: string,
): Promise<{ stageId: number; applicationId: number }> {
  const stage = isId(id) ? (await reads.stagesById([Number(id)]))[0] : undefined;
  if (!stage || !mayComplete(stage, by)) throw refusal(by, id);
  return { stageId: stage.id, applicationId: stage.application_id };
}

type Guarded = Pick<StageRow, 'application_id' | 'span_id' | 'event_tokens'>;

const mayComplete = (stage: Guarded, by: EventCompleter): boolean =>
  'token' in by ? isEventToken(stage, by.token) : stage.application_id === by.caller.applicationId;

/** To who has no right token an unknown stage, another's and one whose token was replaced are all the same. */
const refusal = (by: EventCompleter, id: string): DomainError =>
  'token' in by
    ? new DomainError('unauthenticated', 'The token is not one of this stage: it is wrong, was revoked, or is of an earlier run.')
    : notFound('stage', id);

const MAY_STILL_WAIT: ReadonlySet<StageStatus> = new Set(['not_started', 'scheduled', 'waiting']);

function checkTakesTokens({ wait_for, status }: WaitingStage): void {
  if (wait_for === null) throw new DomainError('state_conflict', 'The stage waits for no event, so it takes no token.');
  if (!MAY_STILL_WAIT.has(status)) throw new DomainError('state_conflict', `The stage is ${status}: nothing will complete it.`);
}

function readResult({ maxValueBytes }: EventStageDeps, request: CompleteStage): EventResult {
  const { outcome = 'completed', output, error } = request;
  if (outcome === 'failed') {
    if (output !== undefined) throw misplaced('output', 'A stage that fails has no output; say why in `error`.');
    return { outcome, error: error ?? { code: 'event_failed', message: 'The event says that the stage failed.' } };
  }
  if (error !== undefined) throw misplaced('error', 'Only `outcome: "failed"` comes with an error.');
  const text = jsonText(output);
  const bytes = byteLength(text);
  return bytes > maxValueBytes ? { outcome, output: null, tooLarge: bytes } : { outcome, output: text };
}

const misplaced = (path: string, message: string): DomainError =>
  new DomainError('invalid_request', message, { errors: [{ path, message }] });

const bytesOf = (result: EventResult): number =>
  result.outcome === 'failed' ? JSON.stringify(result.error).length : (result.output?.length ?? 0);
