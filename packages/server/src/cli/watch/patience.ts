import { setTimeout as pause } from 'node:timers/promises';

/** How often a server that is away is asked again. */
const AGAIN_MS = 1_000;

/** Of the SDK's errors: the same call may succeed later, as with a server that starts again. */
const isPassing = (error: unknown): boolean => (error as { retryable?: unknown } | null)?.retryable === true;

/** Asks until the server answers, and says once that it is away and once that it is back. What it refuses is thrown. */
export class Patience {
  readonly #say: (words: string) => void;
  #isAway = false;

  constructor(say: (words: string) => void) {
    this.#say = say;
  }

  /** @throws whatever `ask` throws that does not pass; an AbortError when `signal` fires meanwhile */
  async with<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        if (this.#isAway) this.#say('The server is back.');
        this.#isAway = false;
        return answer;
      } catch (error) {
        if (signal.aborted || !isPassing(error)) throw error;
        if (!this.#isAway) this.#say('The server is away; waiting for it. Ctrl-C ends the watching, not the pipeline.');
        this.#isAway = true;
        await pause(AGAIN_MS, undefined, { signal });
      }
    }
  }
}
