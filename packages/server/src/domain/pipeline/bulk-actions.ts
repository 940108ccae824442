import type { BulkAction, BulkActionKind, CreateBulkAction } from '@pipelogiq/protocol';
import type { BulkActionRow, Reads } from '../../store/store.js';
import { audit } from '../account/audit.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { type ActionDeps, pausePipeline, rerunPipeline, resumePipeline } from './actions.js';
import { cancelPipeline } from './cancel.js';

/** Pipelines of one chunk, which is one ticket: others' work gets its turn in between. */
const CHUNK = 50;

export interface BulkDeps extends ActionDeps {
  reads: Reads;
  inGroup<R>(applicationId: number, rows: number, run: (group: Group) => Promise<R>): Promise<R>;
}

/** Does one chunk of the oldest action that is open. `more`: it wants to be called again. */
export async function continueBulkAction(deps: BulkDeps): Promise<{ more: boolean }> {
  const open = await deps.reads.firstOpenBulkAction();
  if (!open) return { more: false };
  const { filter } = JSON.parse(open.request) as CreateBulkAction;
  const page = await deps.reads.pipelines(open.application_id, filter, { limit: CHUNK, after: open.next_before });
  await deps.inGroup(open.application_id, Math.max(page.length, 1), (group) =>
    doChunk(
      group,
      deps,
      open,
      page.map((row) => row.id),
    ),
  );
  return { more: true };
}

/** Only when nobody else did this chunk meanwhile: two servers may both believe that it is theirs to do. */
async function doChunk(group: Group, deps: ActionDeps, seen: BulkActionRow, ids: readonly number[]): Promise<void> {
  const row = await group.tx.openBulkAction(seen.id);
  if (!row || row.next_before !== seen.next_before) return;
  let done = 0;
  for (const id of ids) if (await actOn(group, deps, row, id)) done += 1;
  await group.tx.updateBulkAction(row.id, {
    done: row.done + done,
    refused: row.refused + ids.length - done,
    next_before: ids.at(-1) ?? row.next_before,
    finished_at: ids.length < CHUNK ? group.now : null,
  });
}

/** False when the pipeline is in no state for it, or gone; an action checks that before it writes anything. */
async function actOn(group: Group, deps: ActionDeps, row: BulkActionRow, id: number): Promise<boolean> {
  const request = JSON.parse(row.request) as CreateBulkAction;
  try {
    await ACTIONS[request.action](group, deps, row.application_id, id, request);
  } catch (error) {
    if (error instanceof DomainError && (error.code === 'state_conflict' || error.code === 'not_found')) return false;
    throw error;
  }
  await audit(
    group,
    { applicationId: row.application_id, actor: row.actor },
    {
      action: `pipeline.${request.action}`,
      target: { type: 'pipeline', id: String(id) },
      details: { bulkAction: String(row.id) },
    },
  );
  return true;
}

type Act = (group: Group, deps: ActionDeps, applicationId: number, id: number, request: CreateBulkAction) => Promise<void>;

const ACTIONS: Record<BulkActionKind, Act> = {
  cancel: (group, _deps, applicationId, id, { reason }) => cancelPipeline(group, applicationId, id, reason),
  pause: (group, _deps, applicationId, id) => pausePipeline(group, applicationId, id),
  resume: (group, _deps, applicationId, id) => resumePipeline(group, applicationId, id),
  rerun: (group, deps, applicationId, id, { rerunFrom = 'failed' }) => rerunPipeline(group, deps, applicationId, id, rerunFrom),
};

export function bulkActionView(row: BulkActionRow): BulkAction {
  const { action, filter } = JSON.parse(row.request) as CreateBulkAction;
  return {
    id: String(row.id),
    action,
    filter,
    status: row.finished_at === null ? 'running' : 'completed',
    matched: row.matched,
    done: row.done,
    refused: row.refused,
    createdAt: new Date(row.created_at).toISOString(),
    ...(row.finished_at !== null && { finishedAt: new Date(row.finished_at).toISOString() }),
  };
}
