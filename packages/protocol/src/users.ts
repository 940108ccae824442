import type { Scope } from './scopes.js';

/** What a user may do, from least to most; each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin', 'owner'] as const;
/** `viewer`: scope read. `operator`: read, operate, produce. `admin`: every scope. `owner`: admin that may also manage owners. */
export type Role = (typeof ROLES)[number];

/** `owner` is a role for all applications. */
export type ApplicationRole = Exclude<Role, 'owner'>;
export interface ApplicationAccess {
  /** Name of the application. */
  application: string;
  role: ApplicationRole;
}

export interface User {
  id: string;
  username: string;
  /** For all applications; null: only for those listed. */
  role: Role | null;
  applications: ApplicationAccess[];
  disabled: boolean;
  createdAt: string;
  lastLoginAt: string | null;
  /** False for one who signs in by links only. */
  hasPassword: boolean;
}

export interface UserSession {
  id: string;
  createdAt: string;
  /** When it ends at the latest. */
  expiresAt: string;
  /** Begun by a sign-in link, and no password was set in it since: one may be set without the one before. */
  byLink: boolean;
}

/** Answer of everything that signs a user in. The session's token is in the cookie, and nowhere else. */
export interface SignedIn {
  user: User;
  session: UserSession;
}

export interface AuthState {
  /** There is no owner yet: the one-time setup link makes one. */
  setupRequired: boolean;
  /** Characters that a password has at least. */
  passwordMinLength: number;
  user: User | null;
}

export interface Login {
  username: string;
  password: string;
}
/** Of the setup link, or of an invitation. */
export interface NewUser {
  /** From the fragment of the link. */
  token: string;
  username: string;
  password: string;
}
export interface LinkLogin {
  token: string;
}
/** Whether a link that makes an account would work; it is not used up. */
export interface CheckLink {
  kind: 'setup' | 'invite';
  token: string;
}

/** Who calls, and what they may do in the application that the request is about. */
export interface Me {
  user: User | null;
  key: { id: string; name?: string } | null;
  scopes: Scope[];
  application: string;
  /** Names of those that the caller may name as `pipelogiq-application`. */
  applications: string[];
  /** Whether what lists things of all applications shows them all. */
  allApplications: boolean;
}

export interface ChangePassword {
  /** May be left out by a user who has none yet, and in a session that was begun by a sign-in link. */
  currentPassword?: string;
  newPassword: string;
}

export interface OpenSession extends UserSession {
  lastSeenAt: string;
  address: string | null;
  userAgent: string | null;
  /** The one that the request itself came by. */
  current: boolean;
}

/** What is left out stays as it is. */
export interface UpdateUser {
  role?: Role | null;
  applications?: ApplicationAccess[];
  disabled?: boolean;
}

export interface CreateInvitation {
  /** Proposed; default: whoever accepts it chooses. */
  username?: string;
  role?: Role | null;
  applications?: ApplicationAccess[];
}
export interface Invitation {
  id: string;
  username: string | null;
  role: Role | null;
  applications: ApplicationAccess[];
  createdAt: string;
  expiresAt: string;
}
/** A link that works once; `token` and `path` are in this answer only. */
export interface OneTimeLink {
  token: string;
  /** Behind the server's URL, as `dashboard/sign-in#token=…`. */
  path: string;
  expiresAt: string;
}
export interface InvitationCreated extends Invitation, OneTimeLink {}

export interface CreateLink {
  /** Default: the first owner, made when there is none. */
  username?: string;
}
