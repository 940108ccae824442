import type {
  CreateInvitation,
  CreateLink,
  Invitation,
  InvitationCreated,
  OneTimeLink,
  Page,
  UpdateUser,
  User,
} from '@pipelogiq/protocol';
import type { UserRow } from '../../store/store.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { auditBy, userActor } from './audit.js';
import { createLink, createSetupLink, invitations, invite, type LinkDeps, revokeInvitation } from './links.js';
import { mayTouchOwners, requireAdminOfAll, requireStill } from './permissions.js';
import { isAtLeast } from './roles.js';
import { type Sessions, serverWide } from './sessions.js';
import { knownRoles, saidOf } from './user-roles.js';
import { usersView } from './user-views.js';

export interface UserDeps extends LinkDeps {
  sessions: Sessions;
}

/** For admins of all applications; what is about owners, for owners. */
export interface UserUseCases {
  list(caller: Principal, page: PageQuery): Promise<Page<User>>;
  get(caller: Principal, id: string): Promise<User>;
  /** @throws DomainError `state_conflict` when the last owner would be gone */
  update(caller: Principal, id: string, change: UpdateUser): Promise<User>;
  delete(caller: Principal, id: string): Promise<void>;
  invitations(caller: Principal, page: PageQuery): Promise<Page<Invitation>>;
  invite(caller: Principal, request: CreateInvitation): Promise<InvitationCreated>;
  revokeInvitation(caller: Principal, id: string): Promise<void>;
  /** A sign-in link; of the first owner, who is made when there is none, unless it names a user. */
  createLink(caller: Principal, request: CreateLink): Promise<OneTimeLink>;
  /** @throws DomainError `state_conflict` when there is an owner */
  createSetupLink(caller: Principal): Promise<OneTimeLink>;
}

export function userUseCases(deps: UserDeps): UserUseCases {
  const { reads } = deps;
  return {
    async list(caller, page) {
      requireAdminOfAll(caller);
      const limit = pageLimit(page);
      const rows = await reads.users({ limit: limit + 1, after: decodeCursor(page.cursor, 'number') });
      const views = new Map((await usersView(reads, rows)).map((view) => [view.id, view]));
      return toPage(
        rows,
        limit,
        (row) => views.get(String(row.id)) as User,
        (row) => row.id,
      );
    },
    async get(caller, id) {
      requireAdminOfAll(caller);
      return viewOf(deps, id);
    },
    update: (caller, id, change) => update(deps, caller, id, change),
    delete: (caller, id) => remove(deps, caller, id),
    invitations: (caller, page) => invitations(deps, caller, page),
    invite: (caller, request) => invite(deps, caller, request),
    revokeInvitation: (caller, id) => revokeInvitation(deps, caller, id),
    createLink: (caller, request) => createLink(deps, caller, request),
    createSetupLink: (caller) => createSetupLink(deps, caller),
  };
}

async function viewOf({ reads }: UserDeps, id: string): Promise<User> {
  const row = await reads.user(parseId(id, 'user'));
  const [view] = row ? await usersView(reads, [row]) : [];
  if (!view) throw notFound('user', id);
  return view;
}

/** Somebody must be left who can let others in. */
async function requireAnotherOwner(user: UserRow, owners: readonly UserRow[]): Promise<void> {
  if (owners.some(({ id }) => id !== user.id) || !owners.some(({ id }) => id === user.id)) return;
  throw new DomainError('state_conflict', 'This is the last owner; make another one first.');
}

/** @throws DomainError unless there is such a user, and the caller may change it. */
async function touched(group: Group, caller: Principal, id: string, becomes?: UpdateUser['role']) {
  const { tx } = group;
  await requireStill(group, caller);
  const owners = await tx.lockOwners();
  const user = await tx.userById(parseId(id, 'user'));
  if (!user) throw notFound('user', id);
  if ((user.role === 'owner' || becomes === 'owner') && !mayTouchOwners(caller))
    throw new DomainError('forbidden', 'Only an owner may make, change or remove owners.');
  return { user, owners };
}

/** Invitations and links that the user gave out, and sessions by them: nobody comes back by what they kept. Returns how many. */
const endLinksOf = ({ tx }: Group, { id }: UserRow): Promise<number> => tx.endLinksBy(userActor(id));

async function update(deps: UserDeps, caller: Principal, id: string, change: UpdateUser): Promise<User> {
  requireAdminOfAll(caller);
  const { role, applications, disabled } = change;
  await operate(
    deps.committer,
    0,
    undoIfRefused(async (group) => {
      const { tx, now } = group;
      const { user, owners } = await touched(group, caller, id, role);
      if ((role !== undefined && role !== 'owner') || disabled === true) await requireAnotherOwner(user, owners);
      const isDisabled = disabled ?? user.disabled_at !== null;
      await tx.updateUser(user.id, {
        role: role === undefined ? user.role : role,
        disabled_at: isDisabled ? (user.disabled_at ?? now) : null,
      });
      const roles = applications && (await knownRoles(group, applications));
      if (roles) {
        await tx.replaceRoles(
          user.id,
          roles.map((it) => ({ user_id: user.id, application_id: it.id, role: it.role })),
        );
      }
      const sessionsEnded = isDisabled ? await tx.endSessions(user.id) : 0;
      if (isDisabled) await tx.deleteLinksFor(user.id); // nor by a link that somebody made for them
      const isLess = role !== undefined && !isAtLeast(role, user.role);
      const linksEnded = isDisabled || isLess ? await endLinksOf(group, user) : 0;
      await auditBy(group, serverWide(caller), {
        action: 'user.update',
        target: { type: 'user', id },
        details: {
          username: user.username,
          ...saidOf(change),
          ...(sessionsEnded > 0 && { sessionsEnded }),
          ...(linksEnded > 0 && { linksEnded }),
        },
      });
    }),
  );
  deps.sessions.forgetUser(parseId(id, 'user'));
  return viewOf(deps, id);
}

async function remove(deps: UserDeps, caller: Principal, id: string): Promise<void> {
  requireAdminOfAll(caller);
  await operate(
    deps.committer,
    0,
    undoIfRefused(async (group) => {
      const { user, owners } = await touched(group, caller, id);
      await requireAnotherOwner(user, owners);
      const linksEnded = await endLinksOf(group, user);
      await group.tx.deleteUser(user.id);
      const details = { username: user.username, ...(linksEnded > 0 && { linksEnded }) };
      await auditBy(group, serverWide(caller), { action: 'user.delete', target: { type: 'user', id }, details });
    }),
  );
  deps.sessions.forgetUser(parseId(id, 'user'));
}
