import type { DomainError } from '../errors.js';
import type { Committer } from './committer.js';
import type { Group, OperateTicket } from './tickets.js';

/** What an action weighs in its group. */
export type Weight = Partial<Pick<OperateTicket, 'rows' | 'bytes' | 'grows'>>;

/**
 * Runs an action in the next group. It may return a refusal as long as it has written nothing: thrown, it would undo the whole group
 * and make everyone else's request run again.
 */
export async function operate<R>(
  committer: Committer,
  applicationId: number,
  run: (group: Group) => Promise<R | DomainError>,
  { rows = 1, bytes = 0, grows }: Weight = {},
): Promise<R> {
  const ticket = {
    kind: 'operate' as const,
    applicationId,
    rows,
    bytes,
    run,
    ...(grows && { grows }),
  };
  return (await committer.submit<OperateTicket>(ticket)) as R; // refusals reject
}
