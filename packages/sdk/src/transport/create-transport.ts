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
  /** Attempts in total for calls that may be repeated; default 5. */
  maxAttempts?: number;
}

const DEFAULTS = { timeoutMs: 30_000, maxAttempts: 5 } as const satisfies TransportOptions;

/** @param target called with the first request */
export function createTransport(target: () => Target, options: TransportOptions): Transport {
  const { fetch, dispatcher } = options;
  if (fetch && dispatcher) throw new ConfigurationError('Give either fetch or dispatcher, not both.');
  return new HttpTransport({
    target,
    sender: fetch ? new FetchSender(fetch) : new UndiciSender(dispatcher),
    shareable: !fetch && !dispatcher,
    timeoutMs: options.timeoutMs ?? DEFAULTS.timeoutMs,
    maxAttempts: options.maxAttempts ?? DEFAULTS.maxAttempts,
  });
}
