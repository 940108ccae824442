import type { Invitation, OpenSession, User, UserSession } from '@pipelogiq/protocol';
import type { NamedRole, Reads, UserLinkRow, UserRow, UserSessionRow } from '../../store/store.js';

const isoOf = (ms: number): string => new Date(ms).toISOString();

const userView = (row: UserRow, roles: readonly NamedRole[]): User => ({
  id: String(row.id),
  username: row.username,
  role: row.role,
  applications: roles.filter((it) => it.user_id === row.id).map(({ application, role }) => ({ application, role })),
  disabled: row.disabled_at !== null,
  createdAt: isoOf(row.created_at),
  lastLoginAt: row.last_login_at === null ? null : isoOf(row.last_login_at),
  hasPassword: row.password_hash !== null,
});

export async function usersView(reads: Pick<Reads, 'rolesOfUsers'>, rows: readonly UserRow[]): Promise<User[]> {
  const roles = await reads.rolesOfUsers(rows.map(({ id }) => id));
  return rows.map((row) => userView(row, roles));
}

export const sessionView = (row: UserSessionRow): UserSession => ({
  id: String(row.id),
  createdAt: isoOf(row.created_at),
  expiresAt: isoOf(row.expires_at),
  byLink: row.by_link === 1,
});

export const openSessionView = (row: UserSessionRow, current: number): OpenSession => ({
  ...sessionView(row),
  lastSeenAt: isoOf(row.last_seen_at),
  address: row.address,
  userAgent: row.user_agent,
  current: row.id === current,
});

/** Roles for single applications as an invitation keeps them. */
export type InvitedRoles = { id: number; application: string; role: NamedRole['role'] }[];

export const invitedRoles = (row: Pick<UserLinkRow, 'applications'>): InvitedRoles =>
  row.applications === null ? [] : (JSON.parse(row.applications) as InvitedRoles);

export const invitationView = (row: UserLinkRow): Invitation => ({
  id: String(row.id),
  username: row.username,
  role: row.role,
  applications: invitedRoles(row).map(({ application, role }) => ({ application, role })),
  createdAt: isoOf(row.created_at),
  expiresAt: isoOf(row.expires_at),
});
