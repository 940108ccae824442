/** The longest delay that setTimeout takes; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls `fn` once after `ms`, however long that is. Never keeps the process alive. Returns the way to call it off. */
export function after(ms: number, fn: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (left: number) => {
    const step = Math.min(Math.max(left, 0), LONGEST_MS);
    timer = setTimeout(() => (left > step ? arm(left - step) : fn()), step);
    timer.unref();
  };
  arm(ms);
  return () => clearTimeout(timer);
}

/** Resolves true when `promise` settles within `ms` and before `signal` aborts, else false. */
export function within(promise: Promise<unknown>, ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (inTime: boolean) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      resolve(inTime);
    };
    const giveUp = () => finish(false);
    const timer = setTimeout(giveUp, Math.min(ms, LONGEST_MS)); // keeps the process alive: somebody waits for this
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted) giveUp();
    promise.then(
      () => finish(true),
      () => finish(true),
    );
  });
}

/** Runs `fn` after all that is ready in this turn of the event loop, once however often it is asked. */
export function coalesced(fn: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    setImmediate(() => {
      due = false;
      fn();
    });
  };
}

export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
