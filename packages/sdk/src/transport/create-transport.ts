import type { Dispatcher } from 'undici';
import { ConfigurationError } from '../errors.js';
import { type FetchLike, FetchSender } from './fetch-sender.js';
import { HttpTransport, type Target } from './http-transport.js';
import type { Transport } from './transport.js';
import { UndiciSender } from './undici-sender.js';

/** How requests travel. */
export interface TransportOptions {
  /** Sends through this instead of the network: `controlPlane.fetch` in the same process, for example. */
  fetch?: FetchLike;
  /** An undici dispatcher (proxy, custom TLS, test double). The caller closes it. Not together with `fetch`. */
  dispatcher?: Dispatcher;
  /** Milliseconds that one attempt may take; default 30,000. */
  timeoutMs?: number;
  /**
   * For how many milliseconds a call that may be repeated is repeated after it failed first; default 30,000, which outlasts a restart of
   * the server. 0: not at all; 3,600,000 at most. The `signal` of a call ends it earlier.
   */
  retryForMs?: number;
  /** Attempts in total for such calls; default: as many as there is time for. */
  maxAttempts?: number;
}

const DEFAULTS = { timeoutMs: 30_000, retryForMs: 30_000, maxAttempts: Number.POSITIVE_INFINITY } as const;
const LONGEST_RETRY_MS = 3_600_000;

/** @param target called with the first request */
export function createTransport(target: () => Target, options: TransportOptions): Transport {
  const { fetch, dispatcher, retryForMs = DEFAULTS.retryForMs } = options;
  if (fetch && dispatcher) throw new ConfigurationError('Give either fetch or dispatcher, not both.');
  if (!(retryForMs >= 0 && retryForMs <= LONGEST_RETRY_MS)) {
    throw new ConfigurationError(`The option "retryForMs" must be from 0 to ${LONGEST_RETRY_MS} milliseconds.`);
  }
  return new HttpTransport({
    target,
    sender: fetch ? new FetchSender(fetch) : new UndiciSender(dispatcher),
    shareable: !fetch && !dispatcher,
    timeoutMs: options.timeoutMs ?? DEFAULTS.timeoutMs,
    retryForMs,
    maxAttempts: options.maxAttempts ?? DEFAULTS.maxAttempts,
  });
}
