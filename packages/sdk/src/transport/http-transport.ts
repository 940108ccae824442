import { HEADERS, PROTOCOL_VERSION } from '@pipelogiq/protocol';
import { PipelogiqError, TimeoutError } from '../errors.js';
import { SDK_VERSION } from '../version.js';
import { connectionError, readAnswer } from './answer.js';
import { pause, startDeadline } from './deadline.js';
import { retryDelay } from './retry.js';
import type { Sender, SenderRequest } from './sender.js';
import { streamText } from './stream-text.js';
import type { StreamRequest, ThreadTarget, Transport, TransportRequest, TransportResponse } from './transport.js';

/** Where requests go and as whom. */
export interface Target {
  /** Base URL, mount prefix included. */
  url: string;
  /** Absent with an injected `fetch` that needs none. */
  apiKey?: string | undefined;
}

/** What a transport is made of. Time and randomness can be replaced in tests. */
export interface HttpTransportParts {
  /** Called with the first request: the client does no I/O before. */
  target: () => Target;
  sender: Sender;
  /** Whether another thread may open a connection of its own to the same target. */
  shareable: boolean;
  timeoutMs: number;
  maxAttempts: number;
  retryForMs: number;
  now?: () => number;
  /** Milliseconds on a clock that no one sets. */
  elapsed?: () => number;
  random?: () => number;
  pause?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** The transport of the client: authentication, deadlines and retries on top of a sender. */
export class HttpTransport implements Transport {
  readonly #parts: Required<HttpTransportParts>;
  #resolved: { origin: string; prefix: string; headers: Record<string, string> } | undefined;
  /** Ends the streams that are open. */
  readonly #streams = new AbortController();
  #closing: Promise<void> | undefined;
  /** Somebody was told that the server cannot be reached. */
  #waits = false;

  constructor(parts: HttpTransportParts) {
    this.#parts = { now: Date.now, elapsed: () => performance.now(), random: Math.random, pause, ...parts };
  }

  get threadTarget(): ThreadTarget | undefined {
    if (!this.#parts.shareable) return undefined;
    const { origin, prefix, headers } = this.#target();
    return { url: origin + prefix, headers: { ...headers } };
  }

  async request<T>(request: TransportRequest): Promise<TransportResponse<T>> {
    const { random, pause, elapsed, retryForMs } = this.#parts;
    const maxAttempts = request.retry === 'never' ? 1 : (request.maxAttempts ?? this.#parts.maxAttempts);
    const prepared = this.#prepare(request);
    let failedAt: number | undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#attempt<T>(prepared, request);
        this.#waits = false;
        return answer;
      } catch (error) {
        if (!(error instanceof PipelogiqError)) throw error; // the caller's own reason to abort
        const { retryable, retryAfterMs } = error;
        failedAt ??= elapsed(); // not the beginning: a long poll that breaks has failed for no time
        const failingForMs = elapsed() - failedAt;
        const failed = { attempt, maxAttempts, failingForMs, retryForMs, retryable, retryAfterMs, random: random() };
        const delayMs = retryDelay(failed);
        if (delayMs === undefined || request.signal?.aborted) throw error;
        if (error.code === 'connection_failed') this.#warnOfWaiting(error, prepared.origin);
        await pause(delayMs, request.signal);
      }
    }
  }

  /** Once an outage: who waits for half a minute in silence looks for the fault elsewhere. */
  #warnOfWaiting(error: PipelogiqError, origin: string): void {
    if (this.#waits) return;
    this.#waits = true;
    const message = `waiting for ${origin}, for up to ${this.#parts.retryForMs / 1_000} s: ${error.message}`;
    process.emitWarning(message, { type: 'PipelogiqWarning', code: 'PIPELOGIQ_WAITING' });
  }

  async *stream(request: StreamRequest): AsyncGenerator<string, void, undefined> {
    if (this.#closing) throw closed();
    const prepared = this.#prepare({ ...request, headers: { accept: 'text/event-stream', ...request.headers } });
    const onTimeout = () => timeoutError(request, prepared.origin, request.timeoutMs);
    yield* streamText({ sender: this.#parts.sender, now: this.#parts.now }, prepared, request, this.#streams.signal, onTimeout);
  }

  close(): Promise<void> {
    this.#streams.abort(closed());
    this.#closing ??= this.#parts.sender.close();
    return this.#closing;
  }

  async #attempt<T>(prepared: Omit<SenderRequest, 'signal'>, request: TransportRequest): Promise<TransportResponse<T>> {
    if (this.#closing) throw closed();
    request.signal?.throwIfAborted();
    const timeoutMs = request.timeoutMs ?? this.#parts.timeoutMs;
    const deadline = startDeadline(timeoutMs, request.signal, () => timeoutError(request, prepared.origin, timeoutMs));
    try {
      const answer = await this.#parts.sender.send({ ...prepared, signal: deadline.signal });
      return readAnswer<T>(answer, this.#parts.now());
    } catch (error) {
      if (deadline.signal.aborted) throw deadline.signal.reason;
      throw error instanceof PipelogiqError ? error : connectionError(prepared.origin, error);
    } finally {
      deadline.clear();
    }
  }

  #prepare({ method, path, query, body, headers }: Omit<TransportRequest, 'retry'>): Omit<SenderRequest, 'signal'> {
    const target = this.#target();
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return {
      method,
      origin: target.origin,
      path: target.prefix + path + queryString(query),
      headers: { ...target.headers, ...(text !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: text,
    };
  }

  #target() {
    if (!this.#resolved) {
      const { url, apiKey } = this.#parts.target();
      const { origin, pathname } = new URL(url);
      this.#resolved = { origin, prefix: pathname.replace(/\/+$/, ''), headers: commonHeaders(apiKey) };
    }
    return this.#resolved;
  }
}

function commonHeaders(apiKey: string | undefined): Record<string, string> {
  return {
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    [HEADERS.protocol]: PROTOCOL_VERSION,
    'user-agent': `pipelogiq-sdk/${SDK_VERSION} node/${process.versions.node}`,
    accept: 'application/json, application/problem+json',
  };
}

function queryString(query: TransportRequest['query']): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) parameters.append(name, String(value));
  return parameters.size > 0 ? `?${parameters}` : '';
}

const closed = () => new PipelogiqError('This client has been closed.', { code: 'client_closed' });

function timeoutError(
  { method, path }: Pick<TransportRequest, 'method' | 'path'>,
  origin: string,
  timeoutMs: number,
): TimeoutError {
  const message = `${method} ${path} at ${origin} had no complete answer after ${timeoutMs} ms.`;
  return new TimeoutError(message, { code: 'timeout', retryable: true });
}
