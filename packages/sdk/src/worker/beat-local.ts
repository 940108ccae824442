import { HEADERS, type HeartbeatReply, type Heartbeat as HeartbeatRequest, ROUTES } from '@pipelogiq/protocol';
import { PipelogiqError } from '../errors.js';
import type { Transport } from '../transport/transport.js';
import type { BeatSession } from './beat-source.js';
import type { BeatEvents } from './beat-thread.js';

/** What a beat says. */
export type BeatContent = Omit<HeartbeatRequest, 'workerId' | 'cpuPercent' | 'memoryMb'>;

/** Beats from the main thread, for transports and runtimes that another thread cannot use. */
export class LocalBeats {
  readonly #transport: Transport;
  readonly #content: () => BeatContent;
  readonly #events: BeatEvents;
  readonly #stopped = new AbortController();
  #session: BeatSession;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #cpu = process.cpuUsage();
  #cpuAt = performance.now();

  constructor(transport: Transport, session: BeatSession, content: () => BeatContent, events: BeatEvents) {
    this.#transport = transport;
    this.#session = session;
    this.#content = content;
    this.#events = events;
    this.#schedule(session.intervalMs);
  }

  set session(session: BeatSession) {
    this.#session = session;
  }

  now(): void {
    void (this.#beating ?? Promise.resolve()).then(() => this.#beat());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#beating;
  }

  #schedule(delayMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#beat(), delayMs);
    this.#timer.unref();
  }

  #beat(): Promise<void> {
    this.#beating ??= this.#send().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #send(): Promise<void> {
    const { workerId, sessionToken, intervalMs } = this.#session;
    let delayMs = intervalMs;
    try {
      const answer = await this.#transport.request<HeartbeatReply>({
        method: 'POST',
        path: ROUTES.workersHeartbeat,
        body: { workerId, ...this.#content(), ...this.#load() } satisfies HeartbeatRequest,
        headers: { [HEADERS.workerSession]: sessionToken },
        retry: 'never',
        timeoutMs: Math.min(10_000, Math.max(1_000, intervalMs)),
        signal: this.#stopped.signal,
      });
      this.#events.reply(answer.body);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      delayMs = Math.min(intervalMs, Math.max(200, intervalMs / 5)); // several more tries before the lease ends
      this.#events.failure({ ...failureOf(error), sessionToken });
    }
    this.#schedule(delayMs);
  }

  #load(): { cpuPercent: number; memoryMb: number } {
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, performance.now() - this.#cpuAt);
    this.#cpu = process.cpuUsage();
    this.#cpuAt = performance.now();
    const cpuPercent = Math.min(100, Math.round((user + system) / 10 / elapsedMs));
    return { cpuPercent, memoryMb: Math.round(process.memoryUsage.rss() / 1_048_576) };
  }
}

function failureOf(error: unknown): { status?: number; code?: string; message: string } {
  if (!(error instanceof PipelogiqError)) return { message: error instanceof Error ? error.message : String(error) };
  return { code: error.code, message: error.message, ...(error.status !== undefined && { status: error.status }) };
}
