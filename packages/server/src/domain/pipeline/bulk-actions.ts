import type { BulkAction, BulkActionKind, CreateBulkAction, StageStatus } from '@pipelogiq/protocol';
import type { Ability, BulkActionRow, BulkMatch, OperateReads, StageMatch } from '../../store/store.js';
import { type Audited, auditAll, type By } from '../account/audit.js';
import type { Group } from '../commit/tickets.js';
import { assertNever, DomainError } from '../errors.js';
import { STAGE_POSITIONS } from '../ids.js';
import { type ActionDeps, pausePipeline, rerunPipeline, resumePipeline } from './actions.js';
import { cancelPipeline } from './cancel.js';
import { rerunStages, skipStages } from './stage-sets.js';

/** Some pipelines of an action, by descending id, to be dealt with in one transaction. */
export interface BulkChunk {
  ids: readonly number[];
  /** Whether none are left after it. */
  isLast: boolean;
}

/** An action that had to give up so many pipelines ends: something is wrong that no patience mends. */
const MOST_FAILED = 20;

/** What an action does to one pipeline: an entry of the audit trail for each change, and how much could not be changed. */
interface Done {
  entries: Audited[];
  refused: number;
}

const STAGE_ACTIONS = new Set<BulkActionKind>(['skip_stages', 'rerun_stages']);
const isOnStages = (action: BulkActionKind): boolean => STAGE_ACTIONS.has(action);

/** Statuses of stages in which an action can do nothing at all. */
const NEVER: { [Action in 'skip_stages' | 'rerun_stages']: ReadonlySet<StageStatus> } = {
  skip_stages: new Set(['completed', 'skipped']),
  rerun_stages: new Set(['not_started', 'scheduled', 'pending', 'throttled', 'blocked']),
};
const UNDER_WAY: ReadonlySet<StageStatus> = new Set(['running', 'waiting']);

/** @throws DomainError `invalid_request` for fields that are of another action, and for a filter without any */
export function checkBulkAction(request: CreateBulkAction): void {
  const { action, filter, stages, following, rerunFrom, reason } = request;
  if (stages?.fingerprint === undefined && Object.values(filter).every((value) => value === undefined)) {
    throw invalid('filter', 'Give at least one field; from and to bound the time of creation.');
  }
  if (rerunFrom !== undefined && action !== 'rerun') throw invalid('rerunFrom', 'Only the action "rerun" has it.');
  if (reason !== undefined && action !== 'cancel') throw invalid('reason', 'Only the action "cancel" has it.');
  if (following !== undefined && action !== 'rerun_stages') {
    throw invalid('following', 'Only the action "rerun_stages" has it.');
  }
  if (action === 'skip_stages' || action === 'rerun_stages') {
    const status = stages?.status ?? 'failed';
    const isEnded = UNDER_WAY.has(status) && action === 'rerun_stages' && following !== true;
    if (stages?.fingerprint !== undefined && status !== 'failed') {
      throw invalid('stages.status', 'Only stages that are failed have a fingerprint.');
    }
    if (NEVER[action].has(status) || isEnded) {
      throw invalid('stages.status', `No stage that is ${status} can be ${action === 'skip_stages' ? 'skipped' : 'rerun'} so.`);
    }
  } else if (stages !== undefined) throw invalid('stages', 'Only the actions "skip_stages" and "rerun_stages" have it.');
}

const invalid = (path: string, message: string): DomainError =>
  new DomainError('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });

/** Pipelines of one look; beyond it the count goes on with the next, and other reads have their turn in between. */
const COUNTED = { pipelines: 20_000, withStages: 1_000 };

/** How many match, counted piece by piece: no read is long, however many pipelines there are. */
export async function countMatching(
  reads: OperateReads,
  match: BulkMatch,
  able: Ability = { kind: 'any' },
): Promise<{ matched: number; possible: number; highest: number }> {
  const { stages } = match;
  const size = stages && stages.fingerprint === undefined ? COUNTED.withStages : COUNTED.pipelines;
  let matched = 0;
  let possible = 0;
  let highest = 0;
  for (;;) {
    const window = await reads.nextPipelines(match.applicationId, highest, size);
    if (!window) return { matched, possible, highest };
    const counted = await reads.countMatching(match, window, able);
    matched += counted.matched;
    possible += counted.possible;
    highest = window.upTo;
  }
}

/** As the actions themselves decide it (actions.ts, stage-sets.ts). */
export function abilityOf({ action, rerunFrom = 'failed', following = false }: CreateBulkAction): Ability {
  switch (action) {
    case 'cancel':
      return { kind: 'statuses', statuses: ['not_started', 'running', 'paused', 'cancelled'] };
    case 'pause':
      return { kind: 'statuses', statuses: ['not_started', 'running', 'paused'] };
    case 'resume':
      return { kind: 'statuses', statuses: ['paused'] };
    case 'rerun':
      return rerunFrom === 'failed'
        ? { kind: 'rerun_failed' }
        : { kind: 'statuses', statuses: ['completed', 'failed', 'cancelled'] };
    case 'skip_stages':
      return { kind: 'any' };
    case 'rerun_stages':
      return { kind: 'rerun_stages', following };
    default:
      return assertNever(action);
  }
}

export function matchOf(applicationId: number, { action, filter, stages }: CreateBulkAction): BulkMatch {
  return isOnStages(action) ? { applicationId, filter, stages: stageMatch(stages) } : { applicationId, filter };
}

const stageMatch = ({ status = 'failed', name, handler, fingerprint }: CreateBulkAction['stages'] = {}): StageMatch => ({
  status,
  name,
  handler,
  fingerprint,
  positions: STAGE_POSITIONS,
});

/**
 * Does a chunk, whose pipelines are locked. Not when somebody else did it meanwhile: two servers may both believe that it is theirs
 * to do. Those that have stopped matching since they were read are passed over.
 */
export async function doChunk(group: Group, deps: ActionDeps, seen: BulkActionRow, chunk: BulkChunk): Promise<void> {
  const row = await group.tx.openBulkAction(seen.id);
  if (!row || row.next_before !== seen.next_before) return;
  const request = JSON.parse(row.request) as CreateBulkAction;
  const entries: Audited[] = [];
  let refused = 0;
  for (const id of await group.tx.stillMatching(matchOf(row.application_id, request), [...chunk.ids])) {
    const done = await actOn(group, deps, row.application_id, id, request);
    entries.push(...done.entries);
    refused += done.refused;
  }
  const marked = entries.map((entry) => ({ ...entry, details: { ...entry.details, bulkAction: String(row.id) } }));
  await auditAll(group, askedBy(row), marked);
  const counts = { done: row.done + entries.length, refused: row.refused + refused };
  await group.tx.updateBulkAction(row.id, {
    ...counts,
    // Others have come to match since it was counted.
    matched: Math.max(row.matched, counts.done + counts.refused + (isOnStages(request.action) ? 0 : row.failed)),
    next_before: chunk.ids.at(-1) ?? row.next_before,
    finished_at: chunk.isLast ? group.now : null,
  });
}

const askedBy = ({ application_id, actor, request_id, compliance_id }: BulkActionRow): By => ({
  applicationId: application_id,
  actor,
  requestId: request_id ?? undefined,
  complianceId: compliance_id ?? undefined,
});

/** Passes a pipeline over on which the server failed again and again; after too many of them the action ends. */
export async function giveUp({ tx, now }: Group, seen: BulkActionRow, chunk: BulkChunk, error: unknown): Promise<void> {
  const row = await tx.openBulkAction(seen.id);
  if (!row || row.next_before !== seen.next_before) return;
  const failed = row.failed + 1;
  const unitIsPipelines = !isOnStages((JSON.parse(row.request) as CreateBulkAction).action);
  const why = error instanceof DomainError ? error.message : 'The server failed on it; its log says why.';
  await tx.updateBulkAction(row.id, {
    failed,
    matched: unitIsPipelines ? Math.max(row.matched, row.done + row.refused + failed) : row.matched,
    error: `pipeline ${chunk.ids.join()}: ${why}`,
    next_before: chunk.ids.at(-1) ?? row.next_before,
    finished_at: chunk.isLast || failed >= MOST_FAILED ? now : null,
  });
}

/** Nothing is done to a pipeline that is in no state for it, or gone; an action checks that before it writes anything. */
async function actOn(
  group: Group,
  deps: ActionDeps,
  applicationId: number,
  id: number,
  request: CreateBulkAction,
): Promise<Done> {
  try {
    return await ACTIONS[request.action](group, deps, applicationId, id, request);
  } catch (error) {
    const isRefusal = error instanceof DomainError && (error.code === 'state_conflict' || error.code === 'not_found');
    if (!isRefusal) throw error;
    return { entries: [], refused: 1 };
  }
}

type Act = (group: Group, deps: ActionDeps, applicationId: number, id: number, request: CreateBulkAction) => Promise<Done>;

const onPipeline =
  (action: string, act: (...args: Parameters<Act>) => Promise<void>): Act =>
  async (...args) => {
    await act(...args);
    return { entries: [{ action, target: { type: 'pipeline', id: String(args[3]) } }], refused: 0 };
  };

const entriesOf = (action: string, ids: readonly number[], details?: Audited['details']): Audited[] =>
  ids.map((id) => ({ action, target: { type: 'stage', id: String(id) }, ...(details && { details }) }));

const ACTIONS: Record<BulkActionKind, Act> = {
  cancel: onPipeline('pipeline.cancel', (group, _deps, application, id, { reason }) =>
    cancelPipeline(group, application, id, reason),
  ),
  pause: onPipeline('pipeline.pause', (group, _deps, application, id) => pausePipeline(group, application, id)),
  resume: onPipeline('pipeline.resume', (group, _deps, application, id) => resumePipeline(group, application, id)),
  rerun: onPipeline('pipeline.rerun', (group, deps, application, id, { rerunFrom = 'failed' }) =>
    rerunPipeline(group, deps, application, id, rerunFrom),
  ),
  skip_stages: async (group, deps, application, id, { stages }) => {
    const { changed, refused } = await skipStages(group, deps, application, id, stageMatch(stages));
    return { entries: entriesOf('stage.skip', changed), refused };
  },
  rerun_stages: async (group, deps, application, id, { stages, following = false }) => {
    const match = { ...stageMatch(stages), following };
    const { changed, refused } = await rerunStages(group, deps, application, id, match);
    return { entries: entriesOf('stage.rerun', changed, { following }), refused };
  },
};

export function bulkActionView(row: BulkActionRow): BulkAction {
  const request = JSON.parse(row.request) as CreateBulkAction;
  const ended = row.failed >= MOST_FAILED ? 'failed' : 'completed';
  return {
    id: String(row.id),
    ...bulkActionHead(request),
    status: row.finished_at === null ? 'running' : ended,
    matched: row.matched,
    done: row.done,
    refused: row.refused,
    failed: row.failed,
    ...(row.error !== null && { lastError: row.error }),
    createdAt: new Date(row.created_at).toISOString(),
    ...(row.finished_at !== null && { finishedAt: new Date(row.finished_at).toISOString() }),
  };
}

export const bulkActionHead = ({
  action,
  filter,
  stages,
}: CreateBulkAction): Pick<BulkAction, 'action' | 'filter' | 'stages' | 'unit'> => ({
  action,
  filter,
  ...(isOnStages(action) && { stages: { status: 'failed', ...stages } }),
  unit: isOnStages(action) ? 'stages' : 'pipelines',
});
