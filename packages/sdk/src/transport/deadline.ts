/** A signal that fires when the time is up or when the caller's signal does. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Stops the timer and lets go of the caller's signal. */
  clear(): void;
}

/**
 * Starts the clock of one attempt. Not `AbortSignal.any([…, AbortSignal.timeout(…)])`: a long-lived caller's signal would
 * keep every derived signal reachable on Node 20.
 *
 * @param onTimeout makes the reason that the signal gets when the time is up
 */
export function startDeadline(timeoutMs: number, caller: AbortSignal | undefined, onTimeout: () => Error): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(onTimeout()), timeoutMs);
  const abort = () => controller.abort(caller?.reason);
  if (caller?.aborted) abort();
  caller?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener('abort', abort);
    },
  };
}

/** Resolves after the time, or rejects with the signal's reason as soon as it fires. */
export function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const settle = (finish: () => void) => () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      finish();
    };
    const abort = settle(() => reject(signal?.reason));
    const timer = setTimeout(settle(resolve), delayMs);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
