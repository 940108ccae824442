import { LIMITS, type PullRequest, type PullResponse, ROUTES, type StageJob } from '@pipelogiq/protocol';
import { recordCall } from '../tracing/call-span.js';
import type { Deliveries } from './deliveries.js';
import { encodeGroup, type Held } from './held.js';
import type { Outage } from './outage.js';
import { isRefusal, type Session } from './session.js';
import { recordSettles, type Settler } from './settler.js';
import { coalesced } from './timers.js';

export interface PullerDeps {
  session: Pick<Session, 'call'>;
  outage: Pick<Outage, 'pause'>;
  settler: Settler;
  deliveries: Deliveries;
  handlers: readonly string[];
  waitMs: number;
  /** The worker ends: nothing is repeated any more. */
  giveUp: AbortSignal;
  onError(error: unknown): void;
  /** No call can succeed any more: the client was closed. */
  onFatal(error: unknown): void;
}

/** Empty answers in a row, each long before the wait was over, before the worker slows down; and how far. */
const HASTY_ANSWERS = 2;
const HASTY_STEPS = 4;

/** Milliseconds that an answer may take beyond the wait that was asked for. */
const ANSWER_MS = 15_000;

/**
 * Asks for work, one pull at a time.
 *
 * Modes: `pulling` ⇄ `paused` (the server ordered to drain), from both to `stopped`. While `pulling` it asks as soon as a
 * slot is free: with results at hand in a call that carries them and is answered at once, else in one that waits for
 * work. A pull whose answer was lost is repeated with the same `pullSeq` until it is answered, and so brings the very
 * same jobs; one that `pause` or `stop` cut off is never repeated, and its number is sent as abandoned.
 */
export class Puller {
  readonly #deps: PullerDeps;
  #mode: 'pulling' | 'paused' | 'stopped' = 'pulling';
  #interrupt = new AbortController();
  #seq = 0;
  #abandoned: number[] = [];
  #hasty = 0;
  #due = false;
  #resume: (() => void) | undefined;
  /** After all that ended in this turn of the event loop: the next pull then carries all their results. */
  readonly wake = coalesced(() => this.#wakeNow());

  constructor(deps: PullerDeps) {
    this.#deps = deps;
  }

  /** Pulls until `stop`. */
  async run(): Promise<void> {
    const { settler, deliveries } = this.#deps;
    while (this.#mode !== 'stopped') {
      const { capacity } = deliveries;
      if (this.#mode === 'paused') {
        settler.setMode('alone');
        await this.#giveBackAbandoned();
        await this.#woken();
      } else if (capacity === 0) {
        settler.setMode(settler.ready > 0 ? 'alone' : 'by pull'); // what is left of an outage waits for no slot
        await this.#woken();
      } else {
        await this.#pull(capacity, this.#deps.waitMs);
        await this.#slowDown();
      }
    }
    await this.#end();
  }

  /** Pulls and runs what is there, and what that makes ready, at most `budget` jobs; then stops. */
  async runUntilDry(budget: number): Promise<void> {
    const { settler, deliveries } = this.#deps;
    while (this.#mode === 'pulling' && budget > 0) {
      const asked = Math.min(deliveries.capacity, budget);
      const got = asked > 0 ? await this.#pull(asked, 0) : 0;
      budget -= got;
      if (got > 0 && deliveries.capacity > 0) continue;
      if (deliveries.inFlight === 0 && settler.unsettled === 0) break;
      await this.#woken();
    }
    settler.setMode('alone');
    if (this.#mode === 'pulling') await deliveries.idle();
    this.stop();
    await this.#end();
  }

  pause(): void {
    if (this.#mode === 'pulling') this.#setMode('paused');
  }

  resume(): void {
    if (this.#mode === 'paused') this.#setMode('pulling');
  }

  stop(): void {
    this.#setMode('stopped');
  }

  #setMode(mode: 'pulling' | 'paused' | 'stopped'): void {
    this.#mode = mode;
    if (mode !== 'pulling') this.#interrupt.abort();
    else this.#interrupt = new AbortController();
    this.#wakeNow();
  }

  /** One pull, until it is answered or cut off. Returns the number of jobs it brought. */
  async #pull(capacity: number, wait: number): Promise<number> {
    const { settler, deliveries } = this.#deps;
    const carried = settler.take();
    const waitMs = carried.length > 0 ? 0 : wait;
    settler.setMode(waitMs === 0 ? 'by pull' : 'alone');
    const pullSeq = ++this.#seq;
    const maxJobs = Math.min(capacity, LIMITS.jobsPerPull);
    const startedAt = Date.now();
    try {
      const answer = await this.#call({ pullSeq, maxJobs, waitMs }, carried, this.#interrupt.signal);
      settler.confirm(carried, answer.settled ?? []);
      deliveries.accept(answer.jobs);
      recordSettles(carried, startedAt);
      recordPull(answer.jobs, startedAt);
      const hasty = answer.jobs.length === 0 && waitMs > 0 && Date.now() - startedAt < Math.min(waitMs, 1_000) / 2;
      this.#hasty = hasty ? this.#hasty + 1 : 0;
      return answer.jobs.length;
    } catch (error) {
      settler.setMode('alone');
      settler.putBack(carried);
      await this.#failed(pullSeq, error);
      return 0;
    }
  }

  async #call(
    pull: Pick<PullRequest, 'pullSeq' | 'maxJobs' | 'waitMs'>,
    carried: readonly Held[],
    signal: AbortSignal,
  ): Promise<PullResponse> {
    const { session, settler, handlers } = this.#deps;
    const abandonedPulls = this.#abandoned;
    const rest = { ...pull, handlers, ...(abandonedPulls.length > 0 && { abandonedPulls }) };
    const settle = carried.length > 0 ? `,"settle":{${encodeGroup(carried)}}` : '';
    const body = (workerId: string) => `${JSON.stringify({ workerId, ...rest }).slice(0, -1)}${settle}}`;
    const timeoutMs = (pull.waitMs ?? 0) + ANSWER_MS;
    const onRetry = () => settler.setMode('alone'); // results that become ready must not wait for this pull any more
    const answer = await session.call<PullResponse>({ path: ROUTES.jobsPull, body, signal, timeoutMs, onRetry });
    this.#abandoned = this.#abandoned.filter((seq) => !abandonedPulls.includes(seq));
    return answer;
  }

  /** A server that answers at once instead of waiting, as one does whose order to drain is still under way. */
  async #slowDown(): Promise<void> {
    if (this.#hasty < HASTY_ANSWERS) return;
    await this.#deps.outage.pause(Math.min(this.#hasty - 1, HASTY_STEPS), this.#interrupt.signal);
  }

  async #failed(pullSeq: number, error: unknown): Promise<void> {
    if (this.#mode !== 'pulling') {
      this.#abandoned.push(pullSeq);
    } else if (isRefusal(error)) {
      this.#deps.onError(error);
      await this.#deps.outage.pause(5, this.#interrupt.signal);
    } else {
      this.#deps.onFatal(error);
      this.stop();
    }
  }

  async #end(): Promise<void> {
    this.#deps.settler.setMode('alone');
    await this.#giveBackAbandoned();
  }

  /** The server may have leased jobs to a pull that was cut off: without this they would wait for their leases to end. */
  async #giveBackAbandoned(): Promise<void> {
    if (this.#abandoned.length === 0) return;
    const { giveUp, onError } = this.#deps;
    const signal = AbortSignal.any([giveUp, AbortSignal.timeout(ANSWER_MS)]);
    try {
      await this.#call({ pullSeq: ++this.#seq, maxJobs: 0 }, [], signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      if (this.#due) this.#wakeNow();
    });
  }

  #wakeNow(): void {
    const resume = this.#resume;
    this.#due = resume === undefined;
    this.#resume = undefined;
    resume?.();
  }
}

function recordPull(jobs: readonly StageJob[], startedAt: number): void {
  if (jobs.length > 0) recordCall('pull', startedAt, jobs);
}
