import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import type { Principal } from '../use-cases.js';

/** Users belong to the server as a whole. @throws DomainError `forbidden` unless the caller administers all of it */
export function requireAdminOfAll(caller: Principal): void {
  if (caller.allApplications && caller.scopes.has('admin')) return;
  throw new DomainError('forbidden', 'Users concern all applications: this needs an admin of all of them.');
}

/** Owners, and whoever runs the server's own process: a key may be in many hands. */
export const mayTouchOwners = ({ user, keyId }: Principal): boolean => user?.role === 'owner' || keyId === 'local';

/**
 * Of admins, in the transaction. Who lets others in must still be who began to ask: a body may come late, and another server may have heard of it later.
 * @throws DomainError `forbidden`
 */
export async function requireStill(group: Group, caller: Principal): Promise<void> {
  if (!(await isStillAdmin(group, caller))) throw new DomainError('forbidden', 'What you may do has changed meanwhile.');
}

async function isStillAdmin({ tx, now }: Group, { user, keyId, secretHash, applicationId }: Principal): Promise<boolean> {
  if (!user) return keyId === undefined || keyId === 'local' || tx.opensKey(secretHash ?? '', now);
  if (!(await tx.opensSession(secretHash ?? ''))) return false;
  const row = await tx.userById(user.id);
  if (!row || row.disabled_at !== null || row.role !== user.role) return false;
  return row.role === 'owner' || row.role === 'admin' || (await tx.roleIn(user.id, applicationId)) === 'admin';
}
