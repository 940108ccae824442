import { type ErrorCode, ROUTES } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { Principal } from '../use-cases.js';
import { type Audited, actorOf, audit, type By } from './audit.js';

/** A request that was not let in. */
export interface Refusal {
  code: ErrorCode;
  /** Absent: nobody knows the key, or none was sent. */
  principal?: Pick<Principal, 'keyId' | 'user' | 'applicationId'> | undefined;
  address?: string | undefined;
  method: string;
  route: string;
  requestId: string;
}

/** Somebody who did not show the right password. */
export interface FailedLogin {
  /** Absent: nobody has that name. What was typed is not kept: it may be a password in the wrong field. */
  user?: { id: number } | undefined;
  address?: string | undefined;
  requestId?: string | undefined;
}

/** An entry that is still being counted. */
interface Counted {
  action: string;
  by: By;
  target: Audited['target'];
  details: { [name: string]: string };
  count: number;
  firstAt: Ms;
}

const CODES: ReadonlySet<string> = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'session_invalid']);
/** Kinds told apart between two entries; what is above goes into one more. */
const MAX_KINDS = 20;
const UNKNOWN = 'unknown';
const NO_APPLICATION = 0; // seen by admins of all applications

/**
 * Refused keys and sessions on their way to the audit trail. They are counted in memory, by who was refused with what, and written
 * once in a while: whoever guesses keys must not write a row for each guess.
 */
export class Refusals {
  #counted = new Map<string, Counted>();
  readonly #now: () => Ms;

  constructor(now: () => Ms) {
    this.#now = now;
  }

  /** Takes what was answered; other answers than refusals are not looked at. */
  note({ code, principal, address, method, route, requestId }: Omit<Refusal, 'code'> & { code?: ErrorCode | undefined }): void {
    if (code === undefined || !CODES.has(code)) return;
    if (route === ROUTES.authLogin && code === 'unauthenticated') return; // see `noteLogin`
    const first = `${method} ${route}`;
    const by = {
      applicationId: principal?.applicationId ?? NO_APPLICATION,
      actor: principal ? actorOf(principal) : UNKNOWN,
      actorName: principal?.user?.name,
      requestId,
    };
    const details = { first, ...(address !== undefined && { address }) };
    const nobodys = { action: `access.${code}`, by: { applicationId: NO_APPLICATION, actor: UNKNOWN, requestId } };
    const target = { type: 'api', id: first };
    this.#add(
      [code, principal && by.actor, address].join(' '),
      { action: nobodys.action, by, target, details },
      { ...nobodys, target, details: { first } },
    );
  }

  noteLogin({ user, address, requestId }: FailedLogin): void {
    const action = 'access.login_failed';
    const by = { applicationId: NO_APPLICATION, actor: UNKNOWN, requestId };
    const target = { type: 'user', id: user ? String(user.id) : UNKNOWN };
    const details = address === undefined ? {} : { address };
    this.#add([action, target.id, address].join(' '), { action, by, target, details }, { action, by, target, details: {} });
  }

  /** @param others - what is said of all kinds together that were too many to tell apart */
  #add(own: string, entry: Omit<Counted, 'count' | 'firstAt'>, others: Omit<Counted, 'count' | 'firstAt'>): void {
    const isOwn = this.#counted.has(own) || this.#counted.size < MAX_KINDS;
    const key = isOwn ? own : 'others';
    const known = this.#counted.get(key);
    if (known) known.count += 1;
    else this.#counted.set(key, { ...(isOwn ? entry : others), count: 1, firstAt: this.#now() });
  }

  get isEmpty(): boolean {
    return this.#counted.size === 0;
  }

  get count(): number {
    return [...this.#counted.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Writes an entry for each kind. */
  async write(group: Group): Promise<void> {
    const counted = this.#counted;
    this.#counted = new Map();
    for (const { action, by, target, details, count, firstAt } of counted.values()) {
      const since = new Date(firstAt).toISOString();
      await audit(group, by, { action, target, details: { count, ...details, since }, result: 'refused' });
    }
  }
}
