import { useSyncExternalStore } from 'react';
import type { Query } from './http.js';
import { readEvents, type StreamEvent } from './live-stream.js';
import { ApiError } from './problem.js';

/** `live`: events arrive. `reconnecting`: they did a moment ago. `offline`: for a while they have not. `idle`: nobody wants any. */
export type LiveState = 'idle' | 'connecting' | 'live' | 'reconnecting' | 'offline';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 15_000;
/** Tries in a row without success, after which it is called offline. */
const TRIES_TO_OFFLINE = 3;

interface Choices {
  query: Query;
  onEvent(event: StreamEvent): void;
  /** It was away, so that events may have been missed, whatever the server remembers. */
  onBack?(): void;
  /** The session has ended. */
  onRefused?(error: ApiError): void;
}

/**
 * One stream of events that comes back by itself. `start` and `stop` move it between `idle` and the rest; in between it is
 * `connecting` until the first answer, then `live`, and after a loss `reconnecting`, then `offline`, until it is `live` again.
 */
export class LiveConnection {
  readonly #choices: Choices;
  readonly #listeners = new Set<() => void>();
  #state: LiveState = 'idle';
  #ended = new AbortController();
  #lastEventId: string | undefined;
  #tries = 0;
  #wake: () => void = () => {};

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  get state(): LiveState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    if (this.#state !== 'idle') return;
    this.#ended = new AbortController();
    this.#setState('connecting');
    window.addEventListener('online', this.retry);
    void this.#run(this.#ended.signal);
  }

  stop(): void {
    this.#ended.abort();
    window.removeEventListener('online', this.retry);
    this.#lastEventId = undefined;
    this.#tries = 0;
    this.#setState('idle');
    this.#wake();
  }

  /** Tries at once, instead of after the pause. */
  retry = (): void => this.#wake();

  #setState(state: LiveState): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const refused = await this.#read(signal);
      if (signal.aborted) return;
      if (refused && [401, 403].includes(refused.status)) {
        this.stop();
        this.#choices.onRefused?.(refused);
        return;
      }
      this.#tries += 1;
      this.#setState(this.#tries >= TRIES_TO_OFFLINE || !navigator.onLine ? 'offline' : 'reconnecting');
      await this.#pause(refused?.retryAfterMs);
    }
  }

  async #read(signal: AbortSignal): Promise<ApiError | undefined> {
    try {
      await readEvents({
        query: this.#choices.query,
        lastEventId: this.#lastEventId,
        signal,
        onOpen: () => this.#opened(),
        onId: (id) => {
          this.#lastEventId = id;
        },
        onEvent: (event) => this.#choices.onEvent(event),
      });
      return undefined;
    } catch (error) {
      return error instanceof ApiError ? error : undefined;
    }
  }

  #opened(): void {
    const wasAway = this.#state !== 'connecting';
    this.#tries = 0;
    this.#setState('live');
    if (wasAway) this.#choices.onBack?.();
  }

  #pause(asked = 0): Promise<void> {
    const backoff = Math.min(FIRST_DELAY_MS * 2 ** (this.#tries - 1), LONGEST_DELAY_MS);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(backoff, asked));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export const useLiveState = (connection: LiveConnection): LiveState =>
  useSyncExternalStore(connection.subscribe, () => connection.state);
