import type { CreateInvitation, CreateLink, Invitation, InvitationCreated, OneTimeLink, Page } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { LinkKind, Ms, Reads, UserLinkRow, UserRow } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { actorOf, auditBy } from './audit.js';
import { invalid } from './invalid.js';
import { hashSecret } from './keys.js';
import { mayTouchOwners, requireAdminOfAll, requireStill } from './permissions.js';
import { serverWide } from './sessions.js';
import { knownRoles, saidOf } from './user-roles.js';
import { type InvitedRoles, invitationView } from './user-views.js';
import { newUserRow, usernameKey } from './usernames.js';

export interface LinkOptions {
  setupLinkMs: Ms;
  signInLinkMs: Ms;
  invitationMs: Ms;
  maxUsers: number;
}

export interface LinkDeps extends LinkOptions {
  committer: Committer;
  reads: Reads;
  clock: Pick<Clock, 'randomBytes'>;
}

const TOKEN_BYTES = 32;
/** Of the owner who is made for the person at the machine itself. */
const LOCAL_OWNERS = ['owner', 'local-owner', 'local-owner-2'];

/** In the fragment, so that no log and no Referer has the token. */
const PATHS: Record<LinkKind, string> = { setup: 'dashboard/setup', invite: 'dashboard/invite', sign_in: 'dashboard/sign-in' };

interface Given {
  kind: LinkKind;
  lastsMs: Ms;
  user?: UserRow;
  invited?: { username: string | null; role: UserRow['role']; applications: InvitedRoles };
}

async function newLink(deps: LinkDeps, { tx, now }: Group, caller: Principal, { kind, lastsMs, user, invited }: Given) {
  const token = deps.clock.randomBytes(TOKEN_BYTES).toString('base64url');
  const [id = 0] = await tx.allocateIds('user_link', 1);
  const row: UserLinkRow = {
    id,
    kind,
    token_hash: hashSecret(token),
    user_id: user?.id ?? null,
    username: invited?.username ?? null,
    role: invited?.role ?? null,
    applications: invited && invited.applications.length > 0 ? JSON.stringify(invited.applications) : null,
    created_at: now,
    expires_at: now + lastsMs,
    created_by: actorOf(caller),
  };
  await tx.insertLink(row);
  const fragment = new URLSearchParams({ token, ...(row.username !== null && { username: row.username }) });
  const link: OneTimeLink = { token, path: `${PATHS[kind]}#${fragment}`, expiresAt: new Date(row.expires_at).toISOString() };
  return { row, link };
}

const act = <R>({ committer }: LinkDeps, caller: Principal, run: (group: Group) => Promise<R>): Promise<R> =>
  operate(
    committer,
    0,
    undoIfRefused(async (group) => {
      await requireStill(group, caller);
      return run(group);
    }),
  );

export function createSetupLink(deps: LinkDeps, caller: Principal): Promise<OneTimeLink> {
  requireAdminOfAll(caller);
  return act(deps, caller, async (group) => {
    if ((await group.tx.lockOwners()).length > 0) throw new DomainError('state_conflict', 'There is an owner already.');
    await group.tx.deleteLinks('setup'); // one at a time: it makes an owner
    const { row, link } = await newLink(deps, group, caller, { kind: 'setup', lastsMs: deps.setupLinkMs });
    const target = { type: 'link', id: String(row.id) };
    await auditBy(group, serverWide(caller), { action: 'link.create', target, details: { kind: 'setup' } });
    return link;
  });
}

export function createLink(deps: LinkDeps, caller: Principal, { username }: CreateLink): Promise<OneTimeLink> {
  requireAdminOfAll(caller);
  return act(deps, caller, async (group) => {
    const user = username === undefined ? await firstOwner(group, caller) : await userNamed(group, username);
    const isTheirOwn = user.id === caller.user?.id;
    if (user.role === 'owner' && !isTheirOwn && !mayTouchOwners(caller))
      throw new DomainError('forbidden', 'Only an owner, or a command on the machine of the server, may sign an owner in.');
    if (user.disabled_at !== null) throw new DomainError('state_conflict', `The user ${user.username} is disabled.`);
    const { row, link } = await newLink(deps, group, caller, { kind: 'sign_in', lastsMs: deps.signInLinkMs, user });
    const target = { type: 'link', id: String(row.id) };
    const details = { kind: 'sign_in', user: String(user.id), username: user.username };
    await auditBy(group, serverWide(caller), { action: 'link.create', target, details });
    return link;
  });
}

async function userNamed({ tx }: Group, username: string): Promise<UserRow> {
  const user = await tx.userByKey(usernameKey(username));
  if (!user) throw notFound('user', username);
  return user;
}

async function firstOwner(group: Group, caller: Principal): Promise<UserRow> {
  const { tx, now } = group;
  const [first] = await tx.lockOwners();
  if (first) return first;
  if (!mayTouchOwners(caller)) throw new DomainError('state_conflict', 'There is no owner yet; ask for a setup link.');
  for (const name of LOCAL_OWNERS) {
    if (await tx.userByKey(name)) continue;
    const [id = 0] = await tx.allocateIds('user_account', 1);
    const user = newUserRow(id, name, now, { role: 'owner', password_hash: null });
    await tx.insertUser(user);
    await auditBy(group, serverWide(caller), {
      action: 'user.create',
      target: { type: 'user', id: String(id) },
      details: { username: name },
    });
    return user;
  }
  throw new DomainError('state_conflict', 'There is no owner, and the names for one are taken; name a user.');
}

export function invite(deps: LinkDeps, caller: Principal, request: CreateInvitation): Promise<InvitationCreated> {
  requireAdminOfAll(caller);
  const { username, role = null, applications = [] } = request;
  if (role === null && applications.length === 0) throw invalid('role', 'is needed, for all applications or for single ones');
  if (role === 'owner' && !mayTouchOwners(caller)) throw new DomainError('forbidden', 'Only an owner may invite owners.');
  return act(deps, caller, async (group) => {
    const { tx } = group;
    if (username !== undefined && (await tx.userByKey(usernameKey(username))))
      throw new DomainError('state_conflict', 'This username is taken.');
    if ((await tx.countLinks('invite')) >= deps.maxUsers)
      throw new DomainError('state_conflict', `There are ${deps.maxUsers} invitations already, which is the most.`);
    const invited = { username: username ?? null, role, applications: await knownRoles(group, applications) };
    const { row, link } = await newLink(deps, group, caller, { kind: 'invite', lastsMs: deps.invitationMs, invited });
    const target = { type: 'invitation', id: String(row.id) };
    const details = { ...(username !== undefined && { username }), ...saidOf({ role, applications }) };
    await auditBy(group, serverWide(caller), { action: 'user.invite', target, details });
    return { ...invitationView(row), ...link };
  });
}

export async function invitations(deps: LinkDeps, caller: Principal, page: PageQuery): Promise<Page<Invitation>> {
  requireAdminOfAll(caller);
  const limit = pageLimit(page);
  const after = decodeCursor(page.cursor, 'number');
  const rows = await deps.reads.links('invite', await deps.reads.now(), { limit: limit + 1, after });
  return toPage(rows, limit, invitationView, (row) => row.id);
}

export function revokeInvitation(deps: LinkDeps, caller: Principal, id: string): Promise<void> {
  requireAdminOfAll(caller);
  return act(deps, caller, async (group) => {
    const row = await group.tx.deleteLink('invite', parseId(id, 'invitation'));
    if (!row || row.expires_at <= group.now) throw notFound('invitation', id);
    await auditBy(group, serverWide(caller), { action: 'invitation.revoke', target: { type: 'invitation', id } });
  });
}
