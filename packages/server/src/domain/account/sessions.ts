import type { OpenSession, Page } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { ApplicationRow, Ms, NamedRole, Reads, UserRow, UserSessionRow } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import { operate, undoIfRefused } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import type { CallingUser, PageQuery, Principal } from '../use-cases.js';
import { auditBy, userActor } from './audit.js';
import { hashSecret } from './keys.js';
import { isAtLeast, scopesOfRole } from './roles.js';
import { openSessionView } from './user-views.js';

/** What another server changed of a session, or of its user, counts here after this. */
const CACHE_MS = 5_000;
const MAX_CACHED = 10_000;
const DEFAULT_APPLICATION = 'default';
const TOKEN_BYTES = 32;

export interface SessionOptions {
  sessionIdleMs: Ms;
  sessionMaxMs: Ms;
  maxUserSessions: number;
}

export interface SessionDeps extends SessionOptions {
  committer: Committer;
  reads: Reads;
  clock: Clock;
}

/** Where a sign-in comes from. */
export interface SignInFrom {
  address?: string | undefined;
  userAgent?: string | undefined;
  requestId?: string | undefined;
  /** Token of the session that the browser had before: it ends. */
  previous?: string | undefined;
}

export interface SessionUseCases {
  /**
   * The user whose session it is, in the application named, or in their first; undefined when there is no such session.
   * @throws DomainError `not_found` for an application in which the user has no role
   */
  authenticate(token: string, application: string | undefined): Promise<Principal | undefined>;
  list(caller: Principal, page: PageQuery): Promise<Page<OpenSession>>;
  revoke(caller: Principal, id: string): Promise<void>;
  /** Names of the applications that the user has a role in, or that a key belongs to. */
  applications(caller: Principal): Promise<string[]>;
}

interface Cached {
  session: UserSessionRow;
  user: UserRow;
  roles: NamedRole[];
  until: Ms;
}

/**
 * Sessions of users. A token is 256 random bits, of which the hash is stored. They are cached for a few seconds, as API keys are; when
 * each was last seen is written down by a loop, so that no request writes.
 */
export class Sessions implements SessionUseCases {
  readonly #deps: SessionDeps;
  readonly #cache = new Map<string, Cached>();
  /** When each was last seen, by the process's clock, not yet written down. */
  readonly #seen = new Map<number, Ms>();
  #applications: { rows: ApplicationRow[]; until: Ms } | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  async authenticate(token: string, application: string | undefined): Promise<Principal | undefined> {
    const known = await this.#alive(hashSecret(token));
    return known && this.#principalIn(known, application);
  }

  /** Who signed in with this token, if the session is alive. */
  async userOf(token: string): Promise<UserRow | undefined> {
    return (await this.#alive(hashSecret(token)))?.user;
  }

  async #alive(hash: string): Promise<Cached | undefined> {
    const { clock, reads, sessionIdleMs } = this.#deps;
    const now = clock.now();
    const cached = this.#cache.get(hash);
    if (cached && cached.until > now) {
      this.#seen.set(cached.session.id, now);
      return cached;
    }
    this.#cache.delete(hash);
    const found = await reads.sessionByHash(hash);
    if (!found || found.user.disabled_at !== null) return undefined;
    const { session, user } = found;
    const storeNow = await reads.now();
    const seenAgo = this.#seen.has(session.id) ? now - (this.#seen.get(session.id) as Ms) : Number.POSITIVE_INFINITY;
    const idleLeft = sessionIdleMs - Math.min(storeNow - session.last_seen_at, seenAgo);
    const leftMs = Math.min(session.expires_at - storeNow, idleLeft);
    if (leftMs <= 0) return undefined;
    const roles = await reads.rolesOfUsers([user.id]);
    const entry = { session, user, roles, until: now + Math.min(leftMs, CACHE_MS) };
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(hash, entry);
    this.#seen.set(session.id, now);
    return entry;
  }

  async #principalIn({ user, session, roles }: Cached, named: string | undefined): Promise<Principal> {
    const calling: CallingUser = {
      id: user.id,
      name: user.username,
      sessionId: session.id,
      byLink: session.by_link === 1,
      role: user.role,
    };
    const { id, name, own } = await this.#application(user, roles, named);
    // The stronger of both; only what comes from the role for all may see all.
    const fromAll = user.role !== null && isAtLeast(user.role, own);
    return {
      user: calling,
      secretHash: session.token_hash,
      applicationId: id,
      application: name,
      scopes: scopesOfRole(fromAll ? user.role : own),
      allApplications: fromAll,
      ...(named !== undefined && { namedApplication: true }),
    };
  }

  /** The application that a request is about, and the user's own role in it. */
  async #application(user: UserRow, roles: readonly NamedRole[], named: string | undefined) {
    const ownIn = (name: string) => roles.find((it) => it.application === name);
    const name = named ?? (user.role === null ? roles[0]?.application : DEFAULT_APPLICATION);
    if (name === undefined) return { id: 0, name: '', own: null }; // has no role at all
    const own = ownIn(name);
    if (own) return { id: own.application_id, name, own: own.role };
    const row = user.role === null ? undefined : await this.#applicationNamed(name);
    if (row) return { id: row.id, name, own: null };
    throw new DomainError('not_found', `There is no application ${JSON.stringify(name.slice(0, 200))} for you.`);
  }

  /** Those that were made a moment ago are looked for too. */
  async #applicationNamed(name: string): Promise<ApplicationRow | undefined> {
    const { clock, reads } = this.#deps;
    const now = clock.now();
    const named = () => this.#applications?.rows.find((row) => row.name === name);
    if (this.#applications && this.#applications.until > now && named()) return named();
    this.#applications = { rows: await reads.applications(), until: now + CACHE_MS };
    return named();
  }

  async applications(caller: Principal): Promise<string[]> {
    const { reads } = this.#deps;
    if (!caller.user) return caller.allApplications ? names(await reads.applications()) : [caller.application];
    if (caller.user.role !== null) return names(await reads.applications());
    return (await reads.rolesOfUsers([caller.user.id])).map(({ application }) => application);
  }

  async list(caller: Principal, page: PageQuery): Promise<Page<OpenSession>> {
    const { reads, sessionIdleMs } = this.#deps;
    const user = userOf(caller);
    const limit = pageLimit(page);
    const now = await reads.now();
    const after = decodeCursor(page.cursor, 'number');
    const rows = await reads.sessionsOfUser(user.id, { now, idleSince: now - sessionIdleMs }, { limit: limit + 1, after });
    return toPage(
      rows,
      limit,
      (row) => openSessionView(row, user.sessionId),
      (row) => row.id,
    );
  }

  async revoke(caller: Principal, id: string): Promise<void> {
    const user = userOf(caller);
    const sessionId = parseId(id, 'session');
    await this.#operate(async (group) => {
      if (!(await group.tx.endSession(user.id, sessionId))) throw notFound('session', id);
      await auditBy(group, serverWide(caller), { action: 'session.revoke', target: { type: 'session', id } });
    });
    this.forget(({ session }) => session.id === sessionId);
  }

  /** Begins one, in the transaction of a sign-in. Returns the token, which is stored nowhere. */
  async begin(
    { tx, now }: Group,
    userId: number,
    from: SignInFrom,
    /** Who made the sign-in link that it begins by. */
    begunBy?: string,
  ): Promise<{ row: UserSessionRow; token: string }> {
    const { sessionMaxMs, maxUserSessions } = this.#deps;
    const token = this.newToken();
    const [id = 0] = await tx.allocateIds('user_session', 1);
    const row: UserSessionRow = {
      id,
      user_id: userId,
      token_hash: hashSecret(token),
      created_at: now,
      last_seen_at: now,
      expires_at: now + sessionMaxMs,
      address: from.address ?? null,
      user_agent: from.userAgent ?? null,
      by_link: begunBy === undefined ? 0 : 1,
      begun_by: begunBy ?? null,
    };
    await tx.insertSession(row);
    await tx.endOldSessions(userId, maxUserSessions);
    return { row, token };
  }

  /** 256 random bits. */
  newToken(): string {
    return this.#deps.clock.randomBytes(TOKEN_BYTES).toString('base64url');
  }

  /** Called when something of these sessions has changed. */
  forget(changed: (known: Pick<Cached, 'session' | 'user'>) => boolean): void {
    for (const [hash, cached] of this.#cache) if (changed(cached)) this.#cache.delete(hash);
  }

  /** Of the user's own sessions, and of those that began by a link of theirs. */
  forgetUser(id: number): void {
    this.forget(({ user, session }) => user.id === id || session.begun_by === userActor(id));
  }

  /** Writes down when sessions were last seen; a loop calls it. */
  async flushSeen({ tx, now }: Group): Promise<void> {
    const ahead = this.#deps.clock.now() - now; // of the store's time
    const rows = [...this.#seen].map(([id, seenAt]) => ({ id, lastSeenAt: seenAt - ahead }));
    this.#seen.clear();
    await tx.touchSessions(rows);
  }

  /** Deletes sessions and links that are over; a loop calls it. */
  prune({ tx, now }: Group): Promise<void> {
    return tx.pruneAccounts({ now, idleSince: now - this.#deps.sessionIdleMs });
  }

  #operate<R>(run: (group: Group) => Promise<R>): Promise<R> {
    return operate(this.#deps.committer, 0, undoIfRefused(run));
  }
}

const names = (rows: readonly ApplicationRow[]): string[] => rows.map(({ name }) => name).sort();

/** The user who calls. @throws DomainError `forbidden` when it is an API key */
export function userOf({ user }: Principal): CallingUser {
  if (user) return user;
  throw new DomainError('forbidden', 'This is for users who have signed in; an API key has no sessions and no password.');
}

/** What concerns users belongs to no application: admins of all see it in the audit trail. */
export const serverWide = (caller: Principal): Principal => ({ ...caller, applicationId: 0 });
