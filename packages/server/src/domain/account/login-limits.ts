import type { Ms } from '../../store/store.js';
import { DomainError } from '../errors.js';

export interface LoginLimitOptions {
  loginsPerAccount: number;
  loginsPerAddress: number;
  loginWindowMs: Ms;
}

interface Failures {
  count: number;
  /** When they are forgotten. */
  until: Ms;
}

/** An attempt that has begun. It counts as failed until it is said to have succeeded. */
export interface Attempt {
  succeeded(): void;
}

const MAX_KNOWN = 20_000;
/** Networks that one household or server gets: its single addresses cost nothing. */
const IPV6_GROUPS = 4;

/**
 * Failed sign-ins of late, by account and by address, in memory: a restart forgets them. An attempt counts from its begin, so that many
 * at a time get no further than one after the other.
 */
export class LoginLimits {
  readonly #options: LoginLimitOptions;
  readonly #now: () => Ms;
  readonly #known = new Map<string, Failures>();

  constructor(options: LoginLimitOptions, now: () => Ms) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * @param account - whether or not there is such an account
   * @throws DomainError `rate_limited` with the time after which to come back
   */
  begin({ account, address }: { account?: string | undefined; address?: string | undefined }): Attempt {
    const { loginsPerAccount, loginsPerAddress } = this.#options;
    const counted = [
      ...(account === undefined ? [] : [{ key: `account ${account}`, most: loginsPerAccount, isForgiven: true }]),
      ...(address === undefined ? [] : [{ key: `address ${networkOf(address)}`, most: loginsPerAddress, isForgiven: false }]),
    ];
    for (const { key, most } of counted) this.#refuseAbove(key, most);
    const failures = counted.map(({ key, isForgiven }) => ({ key, isForgiven, of: this.#count(key) }));
    return {
      succeeded: () => {
        for (const { key, isForgiven, of } of failures) {
          of.count -= 1;
          // A right password says that the wrong ones before were its owner's; of an address it says nothing of others there.
          if (isForgiven || of.count <= 0) this.#known.delete(key);
        }
      },
    };
  }

  #refuseAbove(key: string, most: number): void {
    const known = this.#known.get(key);
    const now = this.#now();
    if (!known || known.until <= now || known.count < most) return;
    throw new DomainError('rate_limited', 'Too many failed sign-ins; retry later, or ask for a sign-in link.', {
      retryAfterMs: known.until - now,
    });
  }

  #count(key: string): Failures {
    const now = this.#now();
    const known = this.#known.get(key);
    if (known && known.until > now) {
      known.count += 1;
      return known;
    }
    this.#known.delete(key); // to the end of the order
    if (this.#known.size >= MAX_KNOWN) this.#forget(now);
    const fresh = { count: 1, until: now + this.#options.loginWindowMs };
    this.#known.set(key, fresh);
    return fresh;
  }

  /** They stand in the order of their begin, and all last as long: what is over stands first. */
  #forget(now: Ms): void {
    for (const [key, { until }] of this.#known) {
      if (until > now && this.#known.size < MAX_KNOWN) return;
      this.#known.delete(key);
    }
  }
}

function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0');
  return [...first, ...zeros, ...last].slice(0, IPV6_GROUPS).join(':').toLowerCase();
}
