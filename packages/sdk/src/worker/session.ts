import { HEADERS, ROUTES, type WorkerBootstrap, type WorkerSession } from '@pipelogiq/protocol';
import { PipelogiqError } from '../errors.js';
import type { Transport, TransportRequest } from '../transport/transport.js';
import type { Outage } from './outage.js';

/** A call of a worker. `query` and `body` are built for each try, because a new session may bring a new worker id. */
export interface SessionCall {
  method?: TransportRequest['method'];
  path: string;
  query?: (workerId: string) => TransportRequest['query'];
  body?: (workerId: string) => unknown;
  timeoutMs?: number;
  /** Ends the call; it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Tries before an unreachable server counts as refusal; default: no limit. */
  tries?: number;
  /** Told after every try that failed and will be repeated. */
  onRetry?: () => void;
}

export interface SessionDeps {
  transport: Transport;
  outage: Outage;
  registration: WorkerBootstrap;
  /** A failure that is not the network's, though the call is repeated: a revoked key, for example. */
  onError(error: unknown): void;
  onRenewed(session: WorkerSession): void;
}

/** Answers that speak about the request itself: the same one would be refused again. */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 405, 409, 411, 413, 415, 422, 431]);
const OUR_OWN: ReadonlySet<string> = new Set(['client_closed', 'invalid_configuration']);
const NO_ANSWER: ReadonlySet<string> = new Set(['connection_failed', 'timeout', 'unexpected_response']);

/** Whether the same request may succeed later. Every call of a worker is fenced or idempotent, so repeating is safe. */
const isTransient = (error: PipelogiqError): boolean =>
  error.retryable || NO_ANSWER.has(error.code) || (error.status !== undefined && error.status >= 500);

export const isRefusal = (error: unknown): boolean =>
  error instanceof PipelogiqError && !isTransient(error) && REFUSALS.has(error.status ?? 0);

/**
 * The worker's side of a registration with the server: bootstraps, and carries every later call.
 *
 * Modes: `closed` → `open` ⇄ `renewing`. `open()` bootstraps. A call that hears `session_invalid` moves to `renewing`:
 * one bootstrap with the same instance id runs for all calls, then they are repeated with the new session.
 */
export class Session {
  readonly #deps: SessionDeps;
  #current: WorkerSession | undefined;
  #renewal: Promise<void> | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  get current(): WorkerSession {
    if (!this.#current) throw new Error('the worker has no session yet');
    return this.#current;
  }

  /**
   * Registers the worker, waiting for a server that is away.
   *
   * @param tries before an unreachable server is an error
   * @throws PipelogiqError when the server refuses the worker: wrong key, missing scope, invalid name
   */
  async open(signal: AbortSignal, tries = Number.POSITIVE_INFINITY): Promise<WorkerSession> {
    for (let failures = 1; ; failures++) {
      try {
        this.#current = await this.#bootstrap(signal);
        return this.#current;
      } catch (error) {
        if (signal.aborted || !(error instanceof PipelogiqError) || !isTransient(error) || failures >= tries) throw error;
        this.#deps.outage.failed(error);
        await this.#deps.outage.pause(failures, signal, error.retryAfterMs);
        signal.throwIfAborted();
      }
    }
  }

  /**
   * Repeats the call until it is answered, however long the server is away.
   *
   * @throws PipelogiqError when the server refuses the request itself (`isRefusal`), or after `tries`
   */
  async call<T>(call: SessionCall): Promise<T> {
    for (let failures = 1; ; failures++) {
      const { sessionToken } = this.current;
      try {
        return await this.#try<T>(call);
      } catch (error) {
        await this.#recover(call, error, failures, sessionToken);
      }
    }
  }

  async #try<T>({ method = 'POST', path, query, body, timeoutMs, signal }: SessionCall): Promise<T> {
    const { workerId, sessionToken } = this.current;
    const answer = await this.#deps.transport.request<T>({
      method,
      path,
      query: query?.(workerId),
      body: body?.(workerId),
      headers: { [HEADERS.workerSession]: sessionToken },
      retry: 'never',
      timeoutMs,
      signal,
    });
    this.#deps.outage.answered();
    return answer.body;
  }

  /** Returns when the call should be tried again, else throws. */
  async #recover(call: SessionCall, error: unknown, failures: number, sessionToken: string): Promise<void> {
    const { outage, onError } = this.#deps;
    if (call.signal?.aborted || !(error instanceof PipelogiqError) || OUR_OWN.has(error.code)) throw error;
    if (error.code === 'session_invalid') return this.#renewOrWait(call, sessionToken, failures);
    if (isRefusal(error) || failures >= (call.tries ?? Number.POSITIVE_INFINITY)) throw error;
    if (isTransient(error)) outage.failed(error);
    else onError(error);
    call.onRetry?.();
    await outage.pause(failures, call.signal, error.retryAfterMs);
    call.signal?.throwIfAborted();
  }

  async #renewOrWait(call: SessionCall, sessionToken: string, failures: number): Promise<void> {
    call.onRetry?.();
    try {
      await this.renew(sessionToken);
    } catch (error) {
      this.#deps.onError(error);
    }
    if (failures > 1) await this.#deps.outage.pause(failures, call.signal); // a session that is refused again at once
    call.signal?.throwIfAborted();
  }

  /** Bootstraps again unless `staleToken` has been replaced already. */
  renew(staleToken: string): Promise<void> {
    if (this.#current?.sessionToken !== staleToken) return Promise.resolve();
    this.#renewal ??= this.#bootstrap()
      .then((session) => {
        this.#current = session;
        this.#deps.onRenewed(session);
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }

  async #bootstrap(signal?: AbortSignal): Promise<WorkerSession> {
    const { transport, registration, outage } = this.#deps;
    const answer = await transport.request<WorkerSession>({
      method: 'POST',
      path: ROUTES.workersBootstrap,
      body: registration,
      retry: 'never',
      signal,
    });
    outage.answered();
    return answer.body;
  }
}
