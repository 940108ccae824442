import type { JobRef, LeaseLostReason, SettleResult, StageErrorCode, StageJob, StageStatus } from '@pipelogiq/protocol';
import { abortFor, JobAbortedError } from './abort.js';
import { Deadlines } from './deadlines.js';
import { Delivery } from './delivery.js';
import { type Emit, jobInfo } from './events.js';
import type { Outcome } from './execute.js';
import type { Heartbeat } from './heartbeat.js';
import { type Held, heldAck, heldNack, heldRelease } from './held.js';

export interface DeliveriesDeps {
  concurrency: number;
  prefetch: number;
  handles(handler: string): boolean;
  /** Runs the handler; never rejects. `undefined`: it could not even start, give the job back. */
  run(delivery: Delivery): Promise<Outcome | undefined>;
  /** Sends the log lines and progress of a delivery. */
  flushReports(): Promise<void>;
  hold(held: Held): void;
  /** A slot became free. */
  onFree(): void;
  heartbeat: Pick<Heartbeat, 'add' | 'remove'>;
  emit: Emit;
}

/** Milliseconds for which a job that cannot run here is kept from coming back at once. */
const BACK_OFF_MS = 1_000;
const LAST_ERROR_CHARS = 500;

/**
 * All deliveries of a worker, from the pull to the confirmed result (the modes stand at `Delivery`).
 *
 * `accept` starts up to `concurrency` handlers and queues up to `prefetch` more; the end of a handler frees its slot at
 * once, though its result may still be held. A delivery stays in `#known`, and so in the heartbeats, until the server
 * has confirmed its result: a lease must outlive the outage in which its result waits.
 */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  readonly #known = new Map<string, Delivery>();
  readonly #running = new Set<Delivery>();
  readonly #deadlines = new Deadlines(this.#running, (delivery) => delivery.abort(new JobAbortedError('timeout')));
  #queue: Delivery[] = [];
  #onIdle: (() => void)[] = [];
  processed = 0;
  failed = 0;
  lastError: string | undefined;

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
  }

  /** Jobs that may be pulled now. */
  get capacity(): number {
    return Math.max(0, this.#deps.concurrency + this.#deps.prefetch - this.#running.size - this.#queue.length);
  }

  /** The jobs that beats must name. */
  *inFlightRefs(): Iterable<JobRef> {
    for (const { job } of this.#known.values()) yield { id: job.id, fencingToken: job.fencingToken };
  }

  get inFlight(): number {
    return this.#running.size;
  }

  /** Jobs that wait for a slot. */
  get queued(): number {
    return this.#queue.length;
  }

  accept(jobs: readonly StageJob[]): void {
    const accepted = jobs.map((job) => this.#take(job)).filter((delivery) => delivery !== undefined);
    this.#deps.heartbeat.add(accepted.map(({ ref }) => ref)); // before any handler can block the event loop
    for (const delivery of accepted) {
      if (this.#deps.handles(delivery.job.handler)) this.#queue.push(delivery);
      else this.#release(delivery, BACK_OFF_MS);
    }
    this.#startQueued();
  }

  /** The server has answered for a result. */
  confirm(held: Held, result: SettleResult): void {
    const { delivery } = held;
    if (delivery.mode !== 'settling') return;
    this.#forget(delivery, 'done');
    if ('error' in result) {
      const reason = result.error.code === 'lease_lost' ? result.error.reason : 'not_found';
      this.#deps.emit('lease_lost', () => [{ job: jobInfo(delivery.job), reason }]);
    } else if (held.kind === 'release') {
      this.#deps.emit('job_released', () => [{ job: jobInfo(delivery.job) }]);
    } else {
      this.#count(held, result.status, result.failedBecause);
    }
  }

  /** The server has ended a delivery. */
  lose(id: string, fencingToken: number, reason: LeaseLostReason): void {
    const delivery = this.#known.get(id);
    if (delivery?.job.fencingToken !== fencingToken) return;
    if (delivery.mode === 'settling' && reason === 'already_settled') return; // the answer to its settle is on the way
    this.#queue = this.#queue.filter((queued) => queued !== delivery);
    this.#forget(delivery, 'lost');
    delivery.abort(abortFor(reason));
    this.#deps.emit('lease_lost', () => [{ job: jobInfo(delivery.job), reason }]);
  }

  /** Its result can never be settled: no beat keeps it any longer, so that its lease ends and it runs again. */
  drop(delivery: Delivery): void {
    this.#forget(delivery, 'lost');
    this.#deps.emit('result_dropped', () => [{ job: jobInfo(delivery.job) }]);
  }

  extend(id: string, leaseMs: number): void {
    const delivery = this.#known.get(id);
    if (!delivery) return;
    delivery.extend(leaseMs);
    this.#deps.emit('lease_extended', () => [{ job: jobInfo(delivery.job), leaseMs }]);
  }

  /** Gives back what has not started. */
  releaseQueued(): void {
    const queued = this.#queue;
    this.#queue = [];
    for (const delivery of queued) this.#release(delivery);
  }

  /** Fires the signals of all running handlers with reason `shutdown`. */
  interrupt(): void {
    for (const delivery of this.#running) delivery.abort(new JobAbortedError('shutdown'));
  }

  /** Gives back what still runs. The handlers run on, for nobody: nothing can end them. */
  releaseRunning(): void {
    for (const delivery of this.#running) {
      if (delivery.mode === 'running') this.#release(delivery);
    }
  }

  /** Resolves when no handler runs and none is queued. */
  idle(): Promise<void> {
    if (this.#running.size === 0 && this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #take(job: StageJob): Delivery | undefined {
    const older = this.#known.get(job.id);
    if (older && older.job.fencingToken >= job.fencingToken) return undefined; // an answer that came twice
    // The next delivery is here before a beat could tell how the last one ended.
    if (older) this.lose(job.id, older.job.fencingToken, older.deadline <= performance.now() ? 'timed_out' : 'expired');
    const delivery = new Delivery(job);
    this.#known.set(job.id, delivery);
    return delivery;
  }

  #startQueued(): void {
    while (this.#running.size < this.#deps.concurrency) {
      const next = this.#queue.shift();
      if (!next) break;
      if (next.leaseRanOut) this.#release(next);
      else void this.#start(next);
    }
    if (this.#running.size > 0 || this.#queue.length > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  async #start(delivery: Delivery): Promise<void> {
    delivery.mode = 'running';
    this.#running.add(delivery);
    this.#deps.emit('job_started', () => [{ job: jobInfo(delivery.job) }]);
    this.#deadlines.watch(delivery);
    const startedAt = performance.now();
    const outcome = await this.#deps.run(delivery);
    delivery.ranMs = performance.now() - startedAt;
    if (delivery.hasReports) await this.#deps.flushReports();
    this.#running.delete(delivery);
    this.#end(delivery, outcome);
    this.#startQueued();
    this.#deps.onFree();
  }

  #count({ delivery, error }: Held, status: StageStatus, failedBecause: StageErrorCode | undefined): void {
    this.processed++;
    const refused = failedBecause && { code: failedBecause, message: `the server failed the stage: ${failedBecause}` };
    const failure = refused ?? error;
    if (!failure) {
      this.#deps.emit('job_completed', () => [{ job: jobInfo(delivery.job), status, durationMs: delivery.ranMs }]);
      return;
    }
    this.failed++;
    this.lastError = `${delivery.job.handler}: ${failure.code}: ${failure.message}`.slice(0, LAST_ERROR_CHARS);
    const { job, ranMs: durationMs } = delivery;
    this.#deps.emit('job_failed', () => [{ job: jobInfo(job), error: failure, willRetry: status !== 'failed', durationMs }]);
  }

  #end(delivery: Delivery, outcome: Outcome | undefined): void {
    if (delivery.mode !== 'running') {
      this.#deps.emit('result_dropped', () => [{ job: jobInfo(delivery.job) }]);
    } else if (!outcome) {
      this.#release(delivery, BACK_OFF_MS);
    } else if (outcome.kind === 'completed') {
      this.#hold(heldAck(delivery, outcome));
    } else if (outcome.kind === 'snoozed') {
      this.#hold(heldRelease(delivery, outcome.delayMs));
    } else if (delivery.abortReason?.code === 'shutdown') {
      this.#release(delivery); // interrupted, not failed
    } else {
      const { error, retryable, retryAfterMs } = outcome;
      this.#hold(heldNack(delivery, { error, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) }));
    }
  }

  #release(delivery: Delivery, delayMs?: number): void {
    delivery.abort(new JobAbortedError('shutdown'));
    this.#hold(heldRelease(delivery, delayMs));
  }

  #hold(held: Held): void {
    held.delivery.mode = 'settling';
    this.#deps.hold(held);
  }

  #forget(delivery: Delivery, mode: 'lost' | 'done'): void {
    delivery.mode = mode;
    if (this.#known.get(delivery.job.id) === delivery) this.#known.delete(delivery.job.id);
    this.#deps.heartbeat.remove(delivery.ref);
  }
}
