import { type HeartbeatReply, ROUTES, type SettleError, type WorkerOrder } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import type { BeatFailure } from './beat-thread.js';
import { Deliveries } from './deliveries.js';
import type { Delivery } from './delivery.js';
import type { Emit } from './events.js';
import { Heartbeat } from './heartbeat.js';
import { LogBuffer } from './log-buffer.js';
import type { Middleware } from './middleware.js';
import type { ResolvedOptions } from './options.js';
import { Outage } from './outage.js';
import { Progress } from './progress.js';
import { Puller } from './puller.js';
import { runDelivery } from './runner.js';
import { isRefusal, Session } from './session.js';
import { Settler } from './settler.js';
import type { StopSwitch } from './stop-switch.js';
import { within } from './timers.js';

export interface WorkerRunDeps {
  transport: Transport;
  options: ResolvedOptions;
  middleware: readonly Middleware[];
  stop: StopSwitch;
  emit: Emit;
  onError(error: unknown): void;
}

/** Totals of a run. */
export interface WorkerTotals {
  /** Deliveries whose result the server has committed. */
  processed: number;
  /** Those of them that failed. */
  failed: number;
}

/** What a run does at one moment. */
export interface WorkerMoment extends WorkerTotals {
  state: 'starting' | 'running' | 'draining';
  /** Undefined until the server has registered it. */
  workerId: string | undefined;
  /** False before the first answer of the server, and while it cannot be reached. */
  connected: boolean;
  /** Handlers that run. */
  running: number;
  /** Jobs pulled ahead, which wait for a slot. */
  queued: number;
  /** Results that the server has not confirmed yet. */
  unsettled: number;
  /** Of the last failed job: `handler: code: message`. */
  lastError: string | undefined;
}

/** Milliseconds: for handlers to end after their signals fired, and at least to send what is held then. */
const GRACE_MS = 1_000;
const FLUSH_MS = 5_000;
const LONG_MS = 3_600_000;

/** Tries of `runOnce` to reach the server. */
const ONCE_TRIES = 5;

/**
 * One life of a worker: composes its parts and leads them from the bootstrap to the end.
 *
 * `opening` → `serving` ⇄ `draining by order` → `stopping` → over. `serve` and `serveOnce` go through it in that order;
 * the server's orders, which come with heartbeats, move between `serving` and `draining by order`, or to `stopping`.
 * While `stopping`: no pulls; queued jobs are given back at once, running handlers may finish within `drainTimeoutMs`,
 * then their signals fire and they are given back too; what is held is sent; the server is told.
 */
export class WorkerRun {
  readonly #deps: WorkerRunDeps;
  readonly #giveUp = new AbortController();
  readonly #session: Session;
  readonly #outage: Outage;
  readonly #heartbeat: Heartbeat;
  readonly #settler: Settler;
  readonly #deliveries: Deliveries;
  readonly #puller: Puller;
  readonly #logs: LogBuffer;
  readonly #progress: Progress;
  #order: WorkerOrder = 'run';
  #state: WorkerMoment['state'] = 'starting';
  #workerId: string | undefined;
  #fatal: { error: unknown } | undefined;

  constructor(deps: WorkerRunDeps) {
    this.#deps = deps;
    const { emit, onError, transport, options } = deps;
    this.#outage = new Outage({
      disconnected: (error) => emit('disconnected', () => [{ error }]),
      reconnected: (awayMs) => emit('reconnected', () => [{ awayMs }]),
    });
    this.#session = new Session({
      transport,
      outage: this.#outage,
      registration: options.registration,
      onError,
      onRenewed: (session) => this.#heartbeat.renewed(session),
    });
    this.#heartbeat = this.#makeHeartbeat();
    this.#logs = new LogBuffer(this.#session, onError);
    this.#progress = new Progress({ session: this.#session, onLost: (delivery, error) => this.#lost(delivery, error), onError });
    this.#settler = new Settler({
      session: this.#session,
      giveUp: this.#giveUp.signal,
      confirm: (held, result) => this.#deliveries.confirm(held, result),
      drop: (delivery) => this.#deliveries.drop(delivery),
      onError,
      onFatal: (error) => this.fail(error),
    });
    this.#deliveries = this.#makeDeliveries();
    this.#puller = this.#makePuller();
  }

  /** Until it is asked to stop. */
  async serve(): Promise<WorkerTotals> {
    if (await this.#open(Number.POSITIVE_INFINITY)) await this.#lead(this.#puller.run());
    return this.#totals();
  }

  /** Until nothing is left to do, or `maxJobs` were done. */
  async serveOnce(maxJobs: number): Promise<WorkerTotals> {
    if (await this.#open(ONCE_TRIES)) await this.#lead(this.#puller.runUntilDry(maxJobs));
    return this.#totals();
  }

  /** Stops it as everything that asks it to stop does, and makes it end with this error. */
  fail(error: unknown): void {
    this.#fatal ??= { error };
    this.#deps.stop.request('fatal');
  }

  /** What it does at this moment. */
  now(): WorkerMoment {
    const { processed, failed, lastError, inFlight, queued } = this.#deliveries;
    return {
      state: this.#state,
      workerId: this.#workerId,
      connected: this.#workerId !== undefined && !this.#outage.isAway,
      running: inFlight,
      queued,
      unsettled: this.#settler.unsettled,
      processed,
      failed,
      lastError,
    };
  }

  /** False when it was asked to stop before the server answered. */
  async #open(tries: number): Promise<boolean> {
    const { stop, emit } = this.#deps;
    try {
      const session = await this.#session.open(stop.requested, tries);
      await this.#heartbeat.start(session);
      this.#state = 'running';
      this.#workerId = session.workerId;
      emit('started', () => [{ workerId: session.workerId, application: session.application }]);
      return true;
    } catch (error) {
      if (!stop.requested.aborted) throw error;
      return false;
    }
  }

  async #lead(pulling: Promise<void>): Promise<void> {
    const keepAlive = setInterval(() => {}, LONG_MS); // a handler may wait for something that does not
    try {
      await Promise.race([pulling.catch((error: unknown) => this.fail(error)), aborted(this.#deps.stop.requested)]);
      await this.#stop(pulling);
    } finally {
      clearInterval(keepAlive);
      await this.#heartbeat.stop();
    }
  }

  async #stop(pulling: Promise<void>): Promise<void> {
    const { stop, emit, options } = this.#deps;
    const startedAt = performance.now();
    this.#setState('draining');
    emit('draining', () => [{ cause: stop.reason ?? 'done', final: true }]);
    this.#puller.stop();
    this.#deliveries.releaseQueued();
    if (!(await within(this.#deliveries.idle(), options.drainTimeoutMs, stop.urgent))) {
      this.#deliveries.interrupt();
      await within(this.#deliveries.idle(), GRACE_MS);
      this.#deliveries.releaseRunning();
    }
    const everythingSent = Promise.all([pulling, this.#settler.empty(), this.#logs.flush()]);
    const left = options.drainTimeoutMs - (performance.now() - startedAt);
    if (stop.urgent.aborted) await within(everythingSent, FLUSH_MS);
    else await within(everythingSent, Math.max(FLUSH_MS, left), stop.urgent);
    const unsent = this.#settler.unsettled;
    this.#giveUp.abort(new Error('the worker has stopped'));
    await this.#heartbeat.stop();
    await this.#sayGoodbye();
    emit('stopped', () => [{ unsent }]);
  }

  async #sayGoodbye(): Promise<void> {
    const words = { reason: this.#deps.stop.reason ?? 'done', ...(this.#fatal && { error: wordsOf(this.#fatal.error) }) };
    const signal = AbortSignal.timeout(FLUSH_MS);
    try {
      await this.#session.call({ path: ROUTES.workersShutdown, body: (workerId) => ({ workerId, ...words }), signal, tries: 2 });
    } catch (error) {
      if (isRefusal(error)) this.#deps.onError(error); // a server that is away will miss the beats
    }
  }

  #setState(state: 'running' | 'draining'): void {
    this.#state = state;
    this.#heartbeat.setState(state);
  }

  #totals(): WorkerTotals {
    if (this.#fatal) throw this.#fatal.error;
    return { processed: this.#deliveries.processed, failed: this.#deliveries.failed };
  }

  #makeHeartbeat(): Heartbeat {
    return new Heartbeat({
      transport: this.#deps.transport,
      jobs: () => this.#deliveries.inFlightRefs(),
      totals: () => {
        const { processed, failed, lastError } = this.#deliveries;
        return { processed, failed, ...(lastError !== undefined && { lastError }) };
      },
      events: { reply: (reply) => this.#onReply(reply), failure: (failure) => this.#onBeatFailure(failure) },
      warn: (message) => process.emitWarning(message, { type: 'PipelogiqWarning', code: 'PIPELOGIQ_HEARTBEAT' }),
    });
  }

  #makeDeliveries(): Deliveries {
    const { options, middleware, emit, onError } = this.#deps;
    const { concurrency, prefetch, handlersByName: handlers } = options;
    const runner = { handlers, middleware, session: this.#session, logs: this.#logs, progress: this.#progress, emit, onError };
    return new Deliveries({
      concurrency,
      prefetch,
      handles: (handler) => handlers.has(handler),
      run: (delivery) => runDelivery(runner, delivery),
      flushReports: async () => {
        await Promise.all([this.#logs.flush(), this.#progress.flush()]);
      },
      hold: (held) => this.#settler.hold(held),
      onFree: () => this.#puller.wake(),
      heartbeat: this.#heartbeat,
      emit,
    });
  }

  #makePuller(): Puller {
    const { options, onError } = this.#deps;
    return new Puller({
      session: this.#session,
      outage: this.#outage,
      settler: this.#settler,
      deliveries: this.#deliveries,
      handlers: [...options.handlersByName.keys()],
      waitMs: options.waitMs,
      giveUp: this.#giveUp.signal,
      onError,
      onFatal: (error) => this.fail(error),
    });
  }

  #onReply({ order, lost, extended }: HeartbeatReply): void {
    this.#outage.answered();
    for (const { id, leaseMs } of extended) this.#deliveries.extend(id, leaseMs);
    for (const { id, fencingToken, reason } of lost) this.#deliveries.lose(id, fencingToken, reason);
    if (order === this.#order || this.#deps.stop.requested.aborted) return;
    this.#order = order;
    if (order === 'stop') this.#deps.stop.request('order');
    else if (order === 'drain') this.#drainByOrder();
    else this.#resume();
  }

  #drainByOrder(): void {
    this.#puller.pause();
    this.#deliveries.releaseQueued();
    this.#setState('draining');
    this.#deps.emit('draining', () => [{ cause: 'order', final: false }]);
  }

  #resume(): void {
    this.#puller.resume();
    this.#setState('running');
    this.#deps.emit('resumed', () => []);
  }

  #onBeatFailure({ status, code, message, sessionToken }: BeatFailure): void {
    if (code === 'session_invalid') this.#session.renew(sessionToken).catch((error: unknown) => this.#deps.onError(error));
    else if (status === undefined || status >= 500 || status === 429) this.#outage.failed(new Error(`heartbeat: ${message}`));
    else this.#deps.onError(new Error(`heartbeat: ${message}`));
  }

  #lost({ job }: Delivery, error: SettleError): void {
    this.#deliveries.lose(job.id, job.fencingToken, error.code === 'lease_lost' ? error.reason : 'superseded');
  }
}

/** As long as the server keeps it. */
const ERROR_CHARS = 2_000;

const wordsOf = (error: unknown): string => String(error instanceof Error ? error.message : error).slice(0, ERROR_CHARS);

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
