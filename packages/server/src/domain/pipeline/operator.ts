import type { BulkAction, CreateBulkAction, Pipeline, Stage } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Reads } from '../../store/store.js';
import { boundTo } from '../account/accounts.js';
import { type Audited, actorOf, auditBy, auditEventView } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused, type Weight } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { decodeCursor, notFound, parseId, pipelineOf } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import type { OperatorUseCases, Principal } from '../use-cases.js';
import { pausePipeline, rerunPipeline, rerunStage, resumePipeline, skipStage } from './actions.js';
import { planAddedStages } from './added-stages.js';
import { appendStages } from './append.js';
import { abilityOf, bulkActionHead, bulkActionView, checkBulkAction, countMatching, matchOf } from './bulk-actions.js';
import { cancelPipeline } from './cancel.js';
import { pipelineView, stageView } from './views.js';

export interface OperatorDeps {
  committer: Committer;
  reads: Reads;
  clock: Clock;
  maxValueBytes: number;
  /** There is an open bulk action: the loop that works on them shall not wait for its period. */
  onBulkAction(): void;
}

/** What operators do to pipelines and stages, one by one or to all that match a filter; every action leaves an audit entry. */
export function operatorUseCases(deps: OperatorDeps): OperatorUseCases {
  const { clock, reads } = deps;
  const onPipeline = async (
    caller: Principal,
    id: string,
    entry: Omit<Audited, 'target'>,
    run: (group: Group, pipelineId: number) => Promise<void>,
  ): Promise<Pipeline> => {
    const pipelineId = parseId(id, 'pipeline');
    const target = { type: 'pipeline', id };
    await act(deps, caller, pipelineId, { ...entry, target }, (group) => run(group, pipelineId));
    return readPipeline(reads, caller, id);
  };
  const onStage = async (
    caller: Principal,
    id: string,
    entry: Omit<Audited, 'target'>,
    run: (group: Group, stageId: number) => Promise<void>,
  ): Promise<Stage> => {
    const stageId = parseId(id, 'stage');
    const target = { type: 'stage', id };
    await act(deps, caller, pipelineOf(stageId), { ...entry, target }, (group) => run(group, stageId));
    return readStage(reads, stageId);
  };
  return {
    cancel: (caller, id, { reason }) =>
      onPipeline(
        caller,
        id,
        { action: 'pipeline.cancel', details: reason === undefined ? {} : { reason } },
        (group, pipelineId) => cancelPipeline(group, caller.applicationId, pipelineId, reason),
      ),
    pause: (caller, id) =>
      onPipeline(caller, id, { action: 'pipeline.pause' }, (group, it) => pausePipeline(group, caller.applicationId, it)),
    resume: (caller, id) =>
      onPipeline(caller, id, { action: 'pipeline.resume' }, (group, it) => resumePipeline(group, caller.applicationId, it)),
    rerun: (caller, id, { from = 'failed' }) =>
      onPipeline(caller, id, { action: 'pipeline.rerun', details: { from } }, (group, it) =>
        rerunPipeline(group, { clock }, caller.applicationId, it, from),
      ),
    rerunStage: (caller, id, { following = false }) =>
      onStage(caller, id, { action: 'stage.rerun', details: { following } }, (group, it) =>
        rerunStage(group, { clock }, caller.applicationId, it, following),
      ),
    skipStage: (caller, id) =>
      onStage(caller, id, { action: 'stage.skip' }, (group, it) => skipStage(group, { clock }, caller.applicationId, it)),
    async append(caller, id, request) {
      const pipelineId = parseId(id, 'pipeline');
      const added = planAddedStages(deps, caller.applicationId, request.stages, 'listed');
      const entry = { action: 'pipeline.append', target: { type: 'pipeline', id }, details: { stages: request.stages.length } };
      const run = (group: Group) => appendStages(group, clock, caller.applicationId, pipelineId, request, added);
      return act(deps, caller, pipelineId, entry, run, added);
    },
    bulk: (caller, request) => startBulkAction(deps, caller, request),
    async replayErrors(caller, fingerprint, { dryRun, following, filter = {} }) {
      if (!(await reads.errorGroup(caller.applicationId, fingerprint))) throw notFound('group of errors', fingerprint);
      const also = { ...(dryRun !== undefined && { dryRun }), ...(following !== undefined && { following }) };
      return startBulkAction(deps, caller, { action: 'rerun_stages', filter, stages: { fingerprint }, ...also });
    },
    async getBulk(caller, id) {
      const row = await reads.bulkAction(caller.applicationId, parseId(id, 'action'));
      if (!row) throw notFound('action', id);
      return bulkActionView(row);
    },
    async auditEvents(caller, filter) {
      const limit = pageLimit(filter);
      const application = boundTo(caller);
      const after = decodeCursor(filter.cursor, 'number');
      const rows = await reads.auditEvents(application, filter, { limit: limit + 1, after });
      return toPage(rows, limit, auditEventView, (row) => row.id);
    },
  };
}

const act = <R>(
  deps: OperatorDeps,
  caller: Principal,
  pipelineId: number,
  entry: Audited,
  run: (group: Group) => Promise<R>,
  size: Pick<Weight, 'rows' | 'bytes'> = {},
): Promise<R> => {
  const audited = async (group: Group): Promise<R> => {
    const result = await run(group);
    await auditBy(group, caller, entry);
    return result;
  };
  return operate(deps.committer, caller.applicationId, undoIfRefused(audited), { ...size, pipelines: [pipelineId] });
};

async function readPipeline(reads: Reads, caller: Principal, id: string): Promise<Pipeline> {
  const row = await reads.pipeline(caller.applicationId, parseId(id, 'pipeline'));
  if (!row) throw notFound('pipeline', id);
  return pipelineView(row);
}

async function readStage(reads: Reads, id: number): Promise<Stage> {
  const [row] = await reads.stagesById([id]);
  if (!row) throw notFound('stage', String(id));
  const names = await reads.dependencyNames([id]);
  return stageView(
    row,
    names.map(({ name }) => name),
  );
}

/** Covers the pipelines that exist now; it is done by a loop, so that neither a lost connection nor a restart ends it half-way. */
async function startBulkAction(deps: OperatorDeps, caller: Principal, request: CreateBulkAction): Promise<BulkAction> {
  checkBulkAction(request);
  const match = matchOf(caller.applicationId, request);
  const able = request.dryRun === true ? abilityOf(request) : undefined;
  const { matched, possible, highest } = await countMatching(deps.reads, match, able);
  if (request.dryRun === true) {
    const nothing = { done: 0, refused: 0, failed: 0, createdAt: new Date(await deps.reads.now()).toISOString() };
    return { ...bulkActionHead(request), status: 'dry_run', matched, possible, ...nothing };
  }
  const actor = actorOf(caller);
  const row = await operate(deps.committer, caller.applicationId, async (group) => {
    const { tx, now } = group;
    const [id = 0] = await tx.allocateIds('bulk_action', 1);
    const fresh = {
      id,
      application_id: caller.applicationId,
      actor,
      request: JSON.stringify(request),
      next_before: highest + 1,
      matched,
      done: 0,
      refused: 0,
      failed: 0,
      error: null,
      created_at: now,
      finished_at: null,
      request_id: caller.requestId ?? null,
      compliance_id: caller.complianceId ?? null,
    };
    await tx.insertBulkAction(fresh);
    const entry = {
      action: 'pipelines.action',
      target: { type: 'bulk_action', id: String(id) },
      details: { action: request.action },
    };
    await auditBy(group, caller, entry);
    return fresh;
  });
  deps.onBulkAction();
  return bulkActionView(row);
}
