import type { ErrorCode } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { Principal } from '../use-cases.js';
import { actorOf, audit } from './audit.js';

/** A request that was not let in. */
export interface Refusal {
  code: ErrorCode;
  /** Absent: nobody knows the key, or none was sent. */
  principal?: Pick<Principal, 'keyId' | 'applicationId'> | undefined;
  address?: string | undefined;
  method: string;
  route: string;
  requestId: string;
}

interface Counted extends Refusal {
  count: number;
  firstAt: Ms;
}

const CODES: ReadonlySet<string> = new Set<ErrorCode>(['unauthenticated', 'forbidden', 'session_invalid']);
/** Kinds told apart between two entries; what is above goes into one more. */
const MAX_KINDS = 20;
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
  note(refusal: Omit<Refusal, 'code'> & { code?: ErrorCode | undefined }): void {
    const { code } = refusal;
    if (code === undefined || !CODES.has(code)) return;
    const own = [code, refusal.principal?.keyId, refusal.address].join(' ');
    const key = this.#counted.has(own) || this.#counted.size < MAX_KINDS ? own : 'others';
    const known = this.#counted.get(key);
    if (known) known.count += 1;
    else {
      const { address, principal, ...others } = refusal;
      const who = key === own ? { address, principal } : {};
      this.#counted.set(key, { ...others, ...who, code, count: 1, firstAt: this.#now() });
    }
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
    for (const { code, principal, address, method, route, requestId, count, firstAt } of counted.values()) {
      const by = {
        applicationId: principal?.applicationId ?? NO_APPLICATION,
        actor: principal ? actorOf(principal) : 'unknown',
        requestId,
      };
      const first = `${method} ${route}`;
      const details = { count, first, since: new Date(firstAt).toISOString(), ...(address !== undefined && { address }) };
      await audit(group, by, { action: `access.${code}`, target: { type: 'api', id: first }, details, result: 'refused' });
    }
  }
}
