import { DomainError } from '../errors.js';
import type { Committer } from './committer.js';
import { inSavepoint } from './savepoint.js';
import type { Group, OperateTicket } from './tickets.js';

/** What an action weighs in its group, and what it is about. */
export type Weight = Partial<Pick<OperateTicket, 'rows' | 'bytes' | 'grows' | 'pipelines' | 'background'>>;

type Action<R> = (group: Group) => Promise<R>;

/**
 * Runs an action in the next group. It may return a refusal as long as it has written nothing: thrown, it would undo the whole group
 * and make everyone else's request run again. What may refuse later is wrapped in `undoIfRefused`.
 */
export async function operate<R>(
  committer: Committer,
  applicationId: number,
  run: Action<R | DomainError>,
  weight: Weight = {},
): Promise<R> {
  const ticket = { kind: 'operate' as const, applicationId, rows: 1, bytes: 0, ...weight, run };
  return (await committer.submit<OperateTicket>(ticket)) as R; // refusals reject
}

/** An action that may throw a refusal at any moment: nothing of it is left then, and the group goes on. */
export const undoIfRefused =
  <R>(run: Action<R>): Action<R | DomainError> =>
  (group) =>
    inSavepoint(group, () => run(group)).catch((error: unknown) => {
      if (error instanceof DomainError) return error;
      throw error;
    });
