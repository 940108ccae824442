import { LIMITS } from '@pipelogiq/protocol';
import type { Ms, StageChange } from '../../store/store.js';
import { expireLease, type Running, retryAt, timeOut } from './transitions.js';

/** What becomes of a running delivery whose `wake_at` has come. Undefined: nothing is due. */
export function decideExpiry(stage: Running, now: Ms, random: () => number): StageChange | undefined {
  if (stage.timeout_at !== null && stage.timeout_at <= now) return timeOut(stage, retryAt(stage, now, random), now);
  if (stage.lease_expires_at === null || stage.lease_expires_at > now) return undefined;
  if (stage.expiries + 1 >= LIMITS.expiriesInARow) return expireLease(stage, 'poisoned', now);
  return expireLease(stage, retryAt(stage, now, random, 0) === undefined ? 'lease_expired' : undefined, now);
}
