import { vi } from 'vitest';

/** Far more than anything takes that is waited for: a busy machine may stand still for seconds. */
const PATIENCE_MS = 45_000;

/** What `check` returns once it no longer throws; at last what it threw. For what tells nobody that it has happened. */
export const eventually = <T>(check: () => T | Promise<T>, everyMs = 10): Promise<T> =>
  vi.waitFor(check, { timeout: PATIENCE_MS, interval: everyMs });
