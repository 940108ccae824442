import type { ApplicationRole, Role } from '@pipelogiq/protocol';
import type { ApplicationRow, Ms, ReadPage } from './rows.js';
import type { Flag } from './schema.js';

export interface ApiKeyTable {
  id: number;
  application_id: number;
  name: string;
  prefix: string;
  /** SHA-256 of the whole key, hex. */
  key_hash: string;
  /** May make applications, and keys of any application. */
  all_applications: Flag;
  /** JSON array of scopes. */
  scopes: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  disabled_at: number | null;
  /** The secret before the last rotation, while it still counts. */
  old_key_hash: string | null;
  old_expires_at: number | null;
}

export interface UserTable {
  id: number;
  username: string;
  /** By which it is found: names that differ in case only are one. */
  username_key: string;
  /** For all applications. */
  role: Role | null;
  /** As `scrypt$17$8$1$<salt>$<hash>`; null for one who signs in by links only. */
  password_hash: string | null;
  created_at: number;
  last_login_at: number | null;
  disabled_at: number | null;
}

export interface UserRoleTable {
  user_id: number;
  application_id: number;
  role: ApplicationRole;
}

export interface UserSessionTable {
  id: number;
  user_id: number;
  /** SHA-256 of the token, hex. */
  token_hash: string;
  created_at: number;
  /** Written once in a while. */
  last_seen_at: number;
  expires_at: number;
  address: string | null;
  user_agent: string | null;
  /** Begun by a sign-in link, and no password was set in it: one may be set without the one before. */
  by_link: Flag;
  /** Who made that link, as `created_by` of it; null: it began otherwise. */
  begun_by: string | null;
}

export type LinkKind = 'setup' | 'invite' | 'sign_in';

/** A link that works once: it is deleted as it is used. */
export interface UserLinkTable {
  id: number;
  kind: LinkKind;
  token_hash: string;
  /** Whom it signs in. */
  user_id: number | null;
  /** Of an invitation: what the user gets. */
  username: string | null;
  role: Role | null;
  /** JSON array of {id, role}. */
  applications: string | null;
  created_at: number;
  expires_at: number;
  created_by: string;
}

export type ApiKeyRow = ApiKeyTable;
export type UserRow = UserTable;
export type UserRoleRow = UserRoleTable;
export type UserSessionRow = UserSessionTable;
export type UserLinkRow = UserLinkTable;
/** A role with the name of its application. */
export type NamedRole = UserRoleRow & { application: string };

/** Keys that somebody may see and change: of one application or of all, and those of admins of all, which belong to one as well. */
export interface KeyReach {
  applicationId: number | undefined;
  ofAll: boolean;
}

export interface Accounts {
  applicationByName(name: string): Promise<ApplicationRow | undefined>;
  /** Nothing when there is one of that name: two servers may start on one database at a time. */
  insertApplication(row: ApplicationRow): Promise<void>;
  /** Nothing when the key is there already. */
  insertApiKey(row: ApiKeyRow): Promise<void>;
  hasApiKey(keyHash: string): Promise<boolean>;
  disableApiKey(id: number, reach: KeyReach, now: Ms): Promise<ApiKeyRow | undefined>;
  isKeyOn(id: number): Promise<boolean>;
  /** Whether a key has this secret, or had it until later than now, and is on. */
  opensKey(keyHash: string, now: Ms): Promise<boolean>;
  /** Undefined for a key that is disabled, or not there. */
  rotateApiKey(
    id: number,
    reach: KeyReach,
    secret: { key_hash: string; prefix: string; oldExpiresAt: Ms },
  ): Promise<ApiKeyRow | undefined>;
  touchApiKeys(rows: { id: number; lastUsedAt: Ms }[]): Promise<void>;
}

/** People who may sign in, as a transaction changes them. */
export interface Users {
  userById(id: number): Promise<UserRow | undefined>;
  userByKey(usernameKey: string): Promise<UserRow | undefined>;
  /** Enabled ones, first made first; of several servers each sees what the one before it left. */
  lockOwners(): Promise<UserRow[]>;
  countUsers(): Promise<number>;
  insertUser(row: UserRow): Promise<void>;
  updateUser(id: number, change: Partial<Omit<UserRow, 'id'>>): Promise<void>;
  /** With all that hangs on it. */
  deleteUser(id: number): Promise<void>;
  replaceRoles(userId: number, rows: UserRoleRow[]): Promise<void>;
  /** The role that is for this application alone. */
  roleIn(userId: number, applicationId: number): Promise<UserRoleRow['role'] | undefined>;
  insertSession(row: UserSessionRow): Promise<void>;
  /** Whether a session that was not ended has this token. */
  opensSession(tokenHash: string): Promise<boolean>;
  /** Ends one of the user's sessions. Returns whether there was one. */
  endSession(userId: number, id: number): Promise<boolean>;
  /** Ends the session of this token, if there is one. */
  endSessionOf(tokenHash: string): Promise<void>;
  /** Ends all but one of them. Returns how many. */
  endSessions(userId: number, exceptId?: number): Promise<number>;
  /** Gives a session another token, after its user set a password. */
  renewSession(id: number, tokenHash: string): Promise<void>;
  touchSessions(rows: { id: number; lastSeenAt: Ms }[]): Promise<void>;
  /** Ends the sessions of the user that were begun first, so that `keep` are left. */
  endOldSessions(userId: number, keep: number): Promise<void>;
  insertLink(row: UserLinkRow): Promise<void>;
  /** Uses it up: whoever comes second gets nothing. */
  takeLink(kind: LinkKind, tokenHash: string): Promise<UserLinkRow | undefined>;
  deleteLink(kind: LinkKind, id: number): Promise<UserLinkRow | undefined>;
  deleteLinks(kind: LinkKind): Promise<void>;
  /** Ends links that this one gave out, and sessions that began by one; returns how many links. @param actor - as `created_by` has it */
  endLinksBy(actor: string, exceptSession?: number): Promise<number>;
  /** Links that sign this user in. */
  deleteLinksFor(userId: number): Promise<void>;
  countLinks(kind: LinkKind): Promise<number>;
  /** Deletes links and sessions that are over. */
  pruneAccounts(dead: { now: Ms; idleSince: Ms }): Promise<void>;
}

export interface UserReads {
  sessionByHash(tokenHash: string): Promise<{ session: UserSessionRow; user: UserRow } | undefined>;
  user(id: number): Promise<UserRow | undefined>;
  userByKey(usernameKey: string): Promise<UserRow | undefined>;
  users(page: ReadPage): Promise<UserRow[]>;
  rolesOfUsers(userIds: number[]): Promise<NamedRole[]>;
  sessionsOfUser(userId: number, alive: { now: Ms; idleSince: Ms }, page: ReadPage): Promise<UserSessionRow[]>;
  hasOwner(): Promise<boolean>;
  link(kind: LinkKind, tokenHash: string, now: Ms): Promise<UserLinkRow | undefined>;
  links(kind: LinkKind, now: Ms, page: ReadPage): Promise<UserLinkRow[]>;
}
