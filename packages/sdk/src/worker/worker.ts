import { EventEmitter } from 'node:events';
import type { Transport } from '../transport/transport.js';
import type { Emit, WorkerEvents } from './events.js';
import type { Middleware } from './middleware.js';
import { type ResolvedOptions, resolveOptions, type WorkerOptions } from './options.js';
import { StopSwitch } from './stop-switch.js';
import { type WorkerMoment, WorkerRun, type WorkerTotals } from './worker-run.js';

export type { JobAbortCode } from './abort.js';
export { JobAbortedError } from './abort.js';
export type { JobInfo, WorkerEvents } from './events.js';
export type { Middleware } from './middleware.js';
export type { WorkerOptions } from './options.js';
export type { WorkerTotals } from './worker-run.js';

/** A worker at one moment, for health checks and metrics. */
export interface WorkerSnapshot extends Omit<WorkerMoment, 'state'> {
  name: string;
  /** `idle` before the first run, `stopped` after one that ended, `failed` after one that threw. */
  state: WorkerMoment['state'] | 'idle' | 'stopped' | 'failed';
  /** Handlers that may run at the same time. */
  concurrency: number;
  /** Milliseconds since the run under way began; 0 when none is. */
  uptimeMs: number;
}

type WorkerMomentAtEnd = Omit<WorkerSnapshot, 'name' | 'concurrency' | 'uptimeMs'>;

const NOTHING_YET = {
  workerId: undefined,
  connected: false,
  running: 0,
  queued: 0,
  unsettled: 0,
  processed: 0,
  failed: 0,
  lastError: undefined,
} as const satisfies Omit<WorkerMoment, 'state'>;

/**
 * Runs handlers: pulls stage jobs, keeps their leases by heartbeats, sends what the handlers return or throw.
 *
 * Modes: `idle` → `running` → `idle`. `run` and `runOnce` move to `running` and back; only one of them may be under way.
 * It never calls `process.exit`: when `run` resolves, nothing of the worker is left, and the process may end by itself.
 *
 * @example
 * const worker = pipelogiq.worker({ handlers: [chargeWorker, packWorker], concurrency: 20 });
 * worker.on('job_failed', ({ job, error }) => console.error(job.stage, error.message));
 * await worker.run(); // until SIGTERM or SIGINT
 */
export class Worker extends EventEmitter<WorkerEvents> {
  readonly #transport: Transport;
  readonly #options: ResolvedOptions;
  readonly #middleware: Middleware[] = [];
  #stop: StopSwitch | undefined;
  #current: { run: WorkerRun; startedAt: number } | undefined;
  /** How the last run ended, with what it left. */
  #ended: WorkerMomentAtEnd = { ...NOTHING_YET, state: 'idle' };

  /** @throws ConfigurationError for options that do not exist or make no sense */
  constructor(deps: { transport: Transport }, options: WorkerOptions) {
    super();
    this.#transport = deps.transport;
    this.#options = resolveOptions(options);
  }

  /** Wraps all handlers, the first one added outermost. Takes effect for jobs that start later. */
  use(middleware: Middleware): this {
    this.#middleware.push(middleware);
    return this;
  }

  /**
   * Works until SIGTERM or SIGINT (unless `signals: false`), `signal`, `stop()` or an order of the server. Then drains:
   * running handlers may finish within `drainTimeoutMs`, the rest is given back without spending an attempt. A server
   * that is away is waited for, for as long as it takes.
   *
   * @throws PipelogiqError when the server refuses the worker at the start: wrong key, missing scope; what `fail()` was given
   */
  run(options: { signal?: AbortSignal } = {}): Promise<WorkerTotals> {
    return this.#life(options.signal, (run) => run.serve());
  }

  /**
   * Does what is there to do, and what that makes ready, at most `maxJobs` jobs, and resolves: for cron and serverless.
   *
   * @throws PipelogiqError when the server refuses the worker or cannot be reached
   */
  runOnce(options: { maxJobs?: number; signal?: AbortSignal } = {}): Promise<WorkerTotals> {
    return this.#life(options.signal, (run) => run.serveOnce(options.maxJobs ?? Number.POSITIVE_INFINITY));
  }

  /** Asks a running worker to drain and stop; `run` resolves when it has. */
  stop(): void {
    this.#stop?.request('stop');
  }

  /**
   * As `stop()`, because of an error that leaves the worker of no use: a database that is gone, a card that broke. The
   * server is told why, which is the alert event `worker_failed`, and `run` rejects with the error. The first one counts.
   */
  fail(error: unknown): void {
    this.#current?.run.fail(error);
  }

  /** What it does now. Cheap; `processed` and `failed` count the run under way, or the last one. */
  snapshot(): WorkerSnapshot {
    const { name, concurrency } = this.#options;
    const { run, startedAt } = this.#current ?? {};
    const uptimeMs = startedAt === undefined ? 0 : performance.now() - startedAt;
    return { name, concurrency, uptimeMs, ...(run?.now() ?? this.#ended) };
  }

  async #life(signal: AbortSignal | undefined, live: (run: WorkerRun) => Promise<WorkerTotals>): Promise<WorkerTotals> {
    if (this.#stop) throw new Error('this worker is running already');
    const stop = new StopSwitch({ signal, processSignals: this.#options.signals });
    this.#stop = stop;
    const run = this.#newRun(stop);
    this.#current = { run, startedAt: performance.now() };
    let state: WorkerSnapshot['state'] = 'failed';
    try {
      const totals = await live(run);
      state = 'stopped';
      return totals;
    } finally {
      this.#ended = { ...run.now(), state, connected: false };
      this.#current = undefined;
      stop.dispose();
      this.#stop = undefined;
    }
  }

  #newRun(stop: StopSwitch): WorkerRun {
    return new WorkerRun({
      transport: this.#transport,
      options: this.#options,
      middleware: this.#middleware,
      stop,
      emit: this.#emit,
      onError: (error) => this.#report(error),
    });
  }

  readonly #emit: Emit = (name, build) => {
    if (this.listenerCount(name) === 0) {
      if (name === 'disconnected') warnOfWaiting(build());
      return;
    }
    try {
      (this as EventEmitter).emit(name, ...build());
    } catch (error) {
      this.#report(error); // a listener that throws must not stop the worker
    }
  };

  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) {
      try {
        this.emit('error', error);
        return;
      } catch (thrown) {
        process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
      }
    }
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}

/** A worker waits for its server without end; where nobody listens, it says so itself. */
function warnOfWaiting([outage]: readonly unknown[]): void {
  const { error } = outage as WorkerEvents['disconnected'][0];
  const reason = error instanceof Error ? error.message : String(error);
  process.emitWarning(`the worker waits for its server: ${reason}`, { type: 'PipelogiqWarning', code: 'PIPELOGIQ_WAITING' });
}
