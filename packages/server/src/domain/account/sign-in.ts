import type { AuthState, ChangePassword, CheckLink, LinkLogin, Login, NewUser, SignedIn } from '@pipelogiq/protocol';
import type { LinkKind, Reads, UserLinkRow, UserRow, UserSessionRow } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import type { Principal } from '../use-cases.js';
import { type Audited, audit, userActor } from './audit.js';
import { invalid } from './invalid.js';
import { hashSecret } from './keys.js';
import type { LoginLimits } from './login-limits.js';
import type { Passwords } from './passwords.js';
import type { FailedLogin } from './refusals.js';
import { type Sessions, type SignInFrom, userOf } from './sessions.js';
import { invitedRoles, sessionView, usersView } from './user-views.js';
import { checkPassword, newUserRow, usernameKey } from './usernames.js';

export interface SignInOptions {
  passwordMinLength: number;
  maxUsers: number;
}

export interface SignInDeps extends SignInOptions {
  committer: Committer;
  reads: Reads;
  sessions: Sessions;
  passwords: Passwords;
  limits: LoginLimits;
  onFailedLogin(failed: FailedLogin): void;
}

/** A session that was begun, and the token that the browser keeps. */
export interface Begun {
  token: string;
  answer: SignedIn;
}

export interface SignInUseCases {
  /** @param token - of the session that the request carries, if any */
  state(token: string | undefined): Promise<AuthState>;
  /** @throws DomainError `state_conflict` when there is an owner; `unauthenticated` for a link that is used, over or none */
  setup(request: NewUser, from: SignInFrom): Promise<Begun>;
  /** @throws DomainError `unauthenticated`, in the same words for every reason; `rate_limited` */
  login(request: Login, from: SignInFrom): Promise<Begun>;
  link(request: LinkLogin, from: SignInFrom): Promise<Begun>;
  accept(request: NewUser, from: SignInFrom): Promise<Begun>;
  /** Throws what `setup` or `accept` would by now, and uses nothing up. */
  check(request: CheckLink, from: SignInFrom): Promise<void>;
  logout(caller: Principal): Promise<void>;
  /** Resolves with the new token of the session. */
  changePassword(caller: Principal, request: ChangePassword, from: SignInFrom): Promise<{ token: string }>;
}

const NOT_THESE = 'This username and password do not belong together.';
const DEAD_LINK = 'This link does not work: it was used, it is over, or it was never given out.';

/** How people sign in, and change what they sign in with. */
export class SignIn implements SignInUseCases {
  readonly #deps: SignInDeps;

  constructor(deps: SignInDeps) {
    this.#deps = deps;
  }

  async state(token: string | undefined): Promise<AuthState> {
    const { reads, sessions, passwordMinLength } = this.#deps;
    const [hasOwner, row] = await Promise.all([reads.hasOwner(), token === undefined ? undefined : sessions.userOf(token)]);
    const [user = null] = row ? await usersView(reads, [row]) : [];
    return { setupRequired: !hasOwner, passwordMinLength, user };
  }

  async setup({ token, username, password }: NewUser, from: SignInFrom): Promise<Begun> {
    if (await this.#deps.reads.hasOwner()) throw hasOwner();
    return this.#withLink('setup', token, from, async () => {
      const passwordHash = await this.#hashOf(password, username);
      return async (group) => {
        if ((await group.tx.lockOwners()).length > 0) throw hasOwner();
        const user = await this.#newUser(group, username, 'owner', passwordHash);
        await group.tx.deleteLinks('setup');
        return { user, entry: { action: 'user.setup', target: targetOf(user) } };
      };
    });
  }

  async accept({ token, username, password }: NewUser, from: SignInFrom): Promise<Begun> {
    return this.#withLink('invite', token, from, async () => {
      const passwordHash = await this.#hashOf(password, username);
      return async (group, link) => {
        if (link.username !== null && usernameKey(link.username) !== usernameKey(username))
          throw invalid('username', `must be ${link.username}, whom the invitation is for`);
        const user = await this.#newUser(group, username, link.role, passwordHash);
        const roles = invitedRoles(link).map(({ id, role }) => ({ user_id: user.id, application_id: id, role }));
        await group.tx.replaceRoles(user.id, roles);
        const details = { invitation: String(link.id), invitedBy: link.created_by };
        return { user, entry: { action: 'user.accept', target: targetOf(user), details } };
      };
    });
  }

  async check({ kind, token }: CheckLink, from: SignInFrom): Promise<void> {
    if (kind === 'setup' && (await this.#deps.reads.hasOwner())) throw hasOwner();
    await this.#hashOfLink(kind, token, from);
  }

  async link({ token }: LinkLogin, from: SignInFrom): Promise<Begun> {
    return this.#withLink('sign_in', token, from, async () => async ({ tx }, link) => {
      const user = link.user_id === null ? undefined : await tx.userById(link.user_id);
      if (!user || user.disabled_at !== null) throw new DomainError('unauthenticated', DEAD_LINK);
      return { user, entry: { action: 'user.login', target: targetOf(user), details: { by: 'link' } }, begunBy: link.created_by };
    });
  }

  async login({ username, password }: Login, from: SignInFrom): Promise<Begun> {
    const { reads, limits, passwords, onFailedLogin } = this.#deps;
    const key = usernameKey(username);
    const attempt = limits.begin({ account: key, address: from.address });
    const known = await reads.userByKey(key);
    const isRight = await passwords.verify(password, known?.password_hash);
    if (!known || !isRight || known.disabled_at !== null) {
      onFailedLogin({ user: known, address: from.address, requestId: from.requestId });
      throw new DomainError('unauthenticated', NOT_THESE);
    }
    attempt.succeeded();
    const renewed = passwords.isOutdated(known.password_hash ?? '') ? await passwords.hash(password) : undefined;
    return this.#operate(async (group) => {
      const user = await group.tx.userById(known.id);
      // Changed while the hash was made: it may be another password now.
      if (!user || user.disabled_at !== null || user.password_hash !== known.password_hash)
        throw new DomainError('unauthenticated', NOT_THESE);
      if (renewed !== undefined) await group.tx.updateUser(user.id, { password_hash: renewed });
      return this.#begin(group, user, from, { action: 'user.login', target: targetOf(user), details: { by: 'password' } });
    }).then((begun) => this.#answer(begun));
  }

  async logout(caller: Principal): Promise<void> {
    const { id, sessionId, name } = userOf(caller);
    await this.#operate(async (group) => {
      if (!(await group.tx.endSession(id, sessionId))) return; // it is over already
      const entry = { action: 'user.logout', target: { type: 'user', id: String(id) } };
      await audit(group, byUser(caller, id, name), entry);
    });
    this.#deps.sessions.forget(({ session }) => session.id === sessionId);
  }

  async changePassword(caller: Principal, request: ChangePassword, from: SignInFrom): Promise<{ token: string }> {
    const { reads, sessions, passwordMinLength, passwords } = this.#deps;
    const { id, sessionId, name, byLink } = userOf(caller);
    const user = await reads.user(id);
    if (!user) throw new DomainError('unauthenticated', 'This user is gone.');
    checkPassword(request.newPassword, name, passwordMinLength, 'newPassword');
    const isNeeded = user.password_hash !== null && !byLink;
    if (isNeeded || request.currentPassword !== undefined) await this.#checkCurrent(user, request.currentPassword, from);
    const passwordHash = await passwords.hash(request.newPassword);
    const token = sessions.newToken();
    await this.#operate(async (group) => {
      const now = await group.tx.userById(id);
      if (now?.password_hash !== user.password_hash)
        throw new DomainError('state_conflict', 'The password was changed meanwhile.');
      await group.tx.updateUser(id, { password_hash: passwordHash });
      const ended = await group.tx.endSessions(id, sessionId);
      await group.tx.deleteLinksFor(id);
      await group.tx.endLinksBy(userActor(id), sessionId);
      await group.tx.renewSession(sessionId, hashSecret(token));
      const details = { sessionsEnded: ended };
      await audit(group, byUser(caller, id, name), {
        action: 'user.password',
        target: { type: 'user', id: String(id) },
        details,
      });
    });
    sessions.forgetUser(id);
    return { token };
  }

  async #checkCurrent(user: UserRow, password: string | undefined, from: SignInFrom): Promise<void> {
    if (password === undefined) throw invalid('currentPassword', 'is needed to set another password');
    const attempt = this.#deps.limits.begin({ account: user.username_key, address: from.address });
    if (!(await this.#deps.passwords.verify(password, user.password_hash))) {
      this.#deps.onFailedLogin({ user, address: from.address, requestId: from.requestId });
      throw invalid('currentPassword', 'is not the password of this user');
    }
    attempt.succeeded();
  }

  #hashOf(password: string, username: string): Promise<string> {
    checkPassword(password, username, this.#deps.passwordMinLength, 'password');
    return this.#deps.passwords.hash(password);
  }

  /**
   * Uses up a link and signs in whom it is for. The link is looked at before `prepare`, which may be dear; it is gone only when all
   * else was done.
   */
  async #withLink(kind: LinkKind, token: string, from: SignInFrom, prepare: () => Promise<UseOfLink>): Promise<Begun> {
    const hash = await this.#hashOfLink(kind, token, from);
    const use = await prepare();
    return this.#operate(async (group) => {
      const link = await group.tx.takeLink(kind, hash);
      if (!link || link.expires_at <= group.now) throw new DomainError('unauthenticated', DEAD_LINK);
      const { user, entry, begunBy } = await use(group, link);
      return this.#begin(group, user, from, entry, begunBy);
    }).then((begun) => this.#answer(begun));
  }

  /** By which a link that works is found. */
  async #hashOfLink(kind: LinkKind, token: string, from: SignInFrom): Promise<string> {
    const { reads, limits } = this.#deps;
    const attempt = limits.begin({ address: from.address });
    const hash = hashSecret(token);
    if (!(await reads.link(kind, hash, await reads.now()))) throw new DomainError('unauthenticated', DEAD_LINK);
    attempt.succeeded();
    return hash;
  }

  async #newUser(group: Group, username: string, role: UserRow['role'], passwordHash: string): Promise<UserRow> {
    const { tx, now } = group;
    await tx.lockOwners(); // so that two of one name come one after the other
    if (await tx.userByKey(usernameKey(username))) throw new DomainError('state_conflict', 'This username is taken.');
    if ((await tx.countUsers()) >= this.#deps.maxUsers)
      throw new DomainError('state_conflict', `There are ${this.#deps.maxUsers} users already, which is the most.`);
    const [id = 0] = await tx.allocateIds('user_account', 1);
    const row = newUserRow(id, username, now, { role, password_hash: passwordHash });
    await tx.insertUser(row);
    return row;
  }

  async #begin(group: Group, user: UserRow, from: SignInFrom, entry: Audited, begunBy?: string): Promise<BegunSession> {
    const { sessions } = this.#deps;
    if (from.previous !== undefined) await group.tx.endSessionOf(hashSecret(from.previous));
    await group.tx.updateUser(user.id, { last_login_at: group.now });
    const { row, token } = await sessions.begin(group, user.id, from, begunBy);
    const details = { ...entry.details, session: String(row.id), ...(from.address !== undefined && { address: from.address }) };
    await audit(group, byUser({ requestId: from.requestId }, user.id, user.username), { ...entry, details });
    return { user: { ...user, last_login_at: group.now }, session: row, token, previous: from.previous };
  }

  async #answer({ user, session, token, previous }: BegunSession): Promise<Begun> {
    const { reads, sessions } = this.#deps;
    if (previous !== undefined) sessions.forget((known) => known.session.token_hash === hashSecret(previous));
    const [view] = await usersView(reads, [user]);
    return { token, answer: { user: view as SignedIn['user'], session: sessionView(session) } };
  }

  #operate<R>(run: (group: Group) => Promise<R>): Promise<R> {
    return operate(this.#deps.committer, 0, undoIfRefused(run));
  }
}

type UseOfLink = (group: Group, link: UserLinkRow) => Promise<{ user: UserRow; entry: Audited; begunBy?: string }>;

interface BegunSession {
  user: UserRow;
  session: UserSessionRow;
  token: string;
  previous: string | undefined;
}

const hasOwner = (): DomainError =>
  new DomainError('state_conflict', 'There is an owner already; sign in, or ask for an invitation.');

const targetOf = ({ id }: UserRow): Audited['target'] => ({ type: 'user', id: String(id) });

const byUser = (
  { requestId, complianceId }: { requestId?: string | undefined; complianceId?: string | undefined },
  id: number,
  name: string,
) => ({
  applicationId: 0,
  actor: userActor(id),
  actorName: name,
  requestId,
  complianceId,
});
