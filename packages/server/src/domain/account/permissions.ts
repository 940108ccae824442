import { DomainError } from '../errors.js';
import type { Principal } from '../use-cases.js';

/** Users belong to the server as a whole. @throws DomainError `forbidden` unless the caller administers all of it */
export function requireAdminOfAll(caller: Principal): void {
  if (caller.allApplications && caller.scopes.has('admin')) return;
  throw new DomainError('forbidden', 'Users concern all applications: this needs an admin of all of them.');
}

/** Owners, and whoever runs the server's own process: a key may be in many hands. */
export const mayTouchOwners = ({ user, keyId }: Principal): boolean => user?.role === 'owner' || keyId === 'local';
