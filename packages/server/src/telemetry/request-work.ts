import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../clock.js';

/** What a request waited for at the database. */
export interface DatabaseWork {
  /** `commit`: from the queue to the end of the group that its writes went with. */
  kind: 'query' | 'commit';
  /** The statement with placeholders, never with values. */
  text?: string;
  /** Epoch milliseconds. */
  endedAt: number;
  durationMs: number;
}

/** Of one request; what comes after is not told. */
const MOST = 64;

/**
 * Finds for each request what it does at the database while it is under way, by the asynchronous context in which it does it. The
 * commits of groups belong to no request; those who wait for one each note their wait.
 */
export class RequestWork {
  readonly #requests = new AsyncLocalStorage<DatabaseWork[]>();
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Answers a request. */
  during<R>(answer: () => Promise<R>): Promise<R> {
    return this.#requests.run([], answer);
  }

  /** Does what is no request's own, though one may have begun it. */
  apart(work: () => void): void {
    this.#requests.exit(work);
  }

  /** What the request in whose context this is called has done so far. */
  sofar(): readonly DatabaseWork[] {
    return this.#requests.getStore() ?? [];
  }

  queried(durationMs: number, text: string): void {
    this.#note({ kind: 'query', text, endedAt: this.#clock.now(), durationMs });
  }

  /** Notes how long a request waits for its commit. */
  awaiting<R>(commit: Promise<R>): Promise<R> {
    if (!this.#requests.getStore()) return commit;
    const begun = this.#clock.monotonic();
    return commit.finally(() =>
      this.#note({ kind: 'commit', endedAt: this.#clock.now(), durationMs: this.#clock.monotonic() - begun }),
    );
  }

  #note(work: DatabaseWork): void {
    const own = this.#requests.getStore();
    if (own && own.length < MOST) own.push(work);
  }
}
