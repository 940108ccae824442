/** What makes a worker stop. */
export interface StopSources {
  signal: AbortSignal | undefined;
  /** Listen for SIGTERM and SIGINT. */
  processSignals: boolean;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Asks a worker to stop: `requested` once, `urgent` when it is asked a second time by a process signal.
 * `dispose` takes its listeners away, so that the process has its own way with signals again.
 */
export class StopSwitch {
  readonly #requested = new AbortController();
  readonly #urgent = new AbortController();
  readonly #cleanups: (() => void)[] = [];
  /** What asked first: a signal's name, `abort`, `stop`, `order`. */
  reason: string | undefined;

  constructor({ signal, processSignals }: StopSources) {
    if (signal?.aborted) this.request('abort');
    const onAbort = () => this.request('abort');
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#cleanups.push(() => signal?.removeEventListener('abort', onAbort));
    for (const name of processSignals ? SIGNALS : []) {
      const onSignal = () => this.#onSignal(name);
      process.on(name, onSignal);
      this.#cleanups.push(() => process.off(name, onSignal));
    }
  }

  get requested(): AbortSignal {
    return this.#requested.signal;
  }

  get urgent(): AbortSignal {
    return this.#urgent.signal;
  }

  request(reason: string): void {
    this.reason ??= reason;
    this.#requested.abort();
  }

  dispose(): void {
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  #onSignal(name: string): void {
    if (this.#requested.signal.aborted) this.#urgent.abort();
    else this.request(name);
  }
}
