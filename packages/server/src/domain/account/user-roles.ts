import type { ApplicationAccess, UpdateUser } from '@pipelogiq/protocol';
import type { Group } from '../commit/tickets.js';
import { invalid } from './invalid.js';
import type { InvitedRoles } from './user-views.js';

/** As an entry of the audit trail says it. */
export const saidOf = ({ role, applications, disabled }: UpdateUser): { [name: string]: string | boolean } => ({
  ...(role !== undefined && { role: role ?? 'none' }),
  ...(applications && { applications: applications.map((it) => `${it.application}:${it.role}`).join(' ') }),
  ...(disabled !== undefined && { disabled }),
});

/** @throws DomainError naming an application that there is not, or that is listed twice */
export async function knownRoles({ tx }: Group, applications: readonly ApplicationAccess[]): Promise<InvitedRoles> {
  const roles: InvitedRoles = [];
  for (const [at, { application, role }] of applications.entries()) {
    const row = await tx.applicationByName(application);
    const path = `applications[${at}].application`;
    if (!row) throw invalid(path, 'is no application');
    if (roles.some((it) => it.id === row.id)) throw invalid(path, 'is listed twice');
    roles.push({ id: row.id, application, role });
  }
  return roles;
}
