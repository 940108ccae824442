import { ROLES, type Role, SCOPES, type Scope } from '@pipelogiq/protocol';

const ADMIN: readonly Scope[] = SCOPES;
const SCOPES_OF: Record<Role, readonly Scope[]> = {
  viewer: ['read'],
  operator: ['read', 'operate', 'produce'],
  admin: ADMIN,
  owner: ADMIN,
};

export const scopesOfRole = (role: Role | null): ReadonlySet<Scope> => new Set(role === null ? [] : SCOPES_OF[role]);

const rank = (role: Role | null): number => (role === null ? -1 : ROLES.indexOf(role));

export const isAtLeast = (role: Role | null, other: Role | null): boolean => rank(role) >= rank(other);
