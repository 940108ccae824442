import { type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../clock.js';
import { DomainError } from '../errors.js';

const BLOCK = 8;
const PARALLEL = 1;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
const RETRY_MS = 2_000;

export interface PasswordOptions {
  /** Logarithm of scrypt's N: each step doubles time and memory of a hash; 17 takes 128 MiB. */
  passwordCost: number;
  /** Hashes under way at a time; each takes its memory and a thread. */
  passwordHashes: number;
  /** Hashes that may wait for their turn. */
  passwordQueue: number;
}

/**
 * Passwords as scrypt hashes (RFC 7914), made off the main thread. At most `passwordHashes` are under way, so that guessing takes
 * neither all memory nor all threads; who comes when the queue is full is sent away.
 */
export class Passwords {
  readonly #options: PasswordOptions;
  readonly #clock: Pick<Clock, 'randomBytes'>;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  /** Compared with where there is no password, so that the answer takes as long. */
  readonly #nobodys: string;

  constructor(options: PasswordOptions, clock: Pick<Clock, 'randomBytes'>) {
    this.#options = options;
    this.#clock = clock;
    this.#nobodys = written(options.passwordCost, clock.randomBytes(SALT_BYTES), clock.randomBytes(HASH_BYTES));
  }

  /** @throws DomainError `overloaded` when too many wait */
  async hash(password: string): Promise<string> {
    const salt = this.#clock.randomBytes(SALT_BYTES);
    const { passwordCost } = this.#options;
    return written(passwordCost, salt, await this.#derive(password, salt, passwordCost));
  }

  /** Takes as long without a hash as with one, and never says yes then. @throws DomainError `overloaded` when too many wait */
  async verify(password: string, stored: string | null | undefined): Promise<boolean> {
    const [, cost, , , salt = '', hash = ''] = (stored ?? this.#nobodys).split('$');
    const expected = Buffer.from(hash, 'base64');
    const found = await this.#derive(password, Buffer.from(salt, 'base64'), Number(cost));
    return timingSafeEqual(found, expected) && typeof stored === 'string';
  }

  /** Whether it was made with another cost than hashes are made with now. */
  isOutdated(stored: string): boolean {
    return stored.split('$')[1] !== String(this.#options.passwordCost);
  }

  async #derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
    await this.#turn();
    try {
      return await derived(password.normalize('NFKC'), salt, cost);
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }

  /** Resolves when it may begin; whoever ends hands its place on. */
  #turn(): Promise<void> {
    if (this.#underWay < this.#options.passwordHashes) {
      this.#underWay += 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#options.passwordQueue)
      throw new DomainError('overloaded', 'Too many sign-ins at a time; retry shortly.', { retryAfterMs: RETRY_MS });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

const written = (cost: number, salt: Buffer, hash: Buffer): string =>
  `scrypt$${cost}$${BLOCK}$${PARALLEL}$${salt.toString('base64')}$${hash.toString('base64')}`;

function derived(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const N = 2 ** cost;
  const memory = 128 * N * BLOCK;
  const options: ScryptOptions = { N, r: BLOCK, p: PARALLEL, maxmem: 2 * memory }; // Node's own limit is 32 MiB
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
