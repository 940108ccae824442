import { ROUTES, type SettleResponse, type SettleResult, type StageJob } from '@pipelogiq/protocol';
import { recordCall } from '../tracing/call-span.js';
import { tracer } from '../tracing/tracer.js';
import type { Delivery } from './delivery.js';
import { encodeGroup, type Held, type HeldKind, heldNack, inAnswerOrder, takeGroup } from './held.js';
import { isRefusal, type Session } from './session.js';
import { coalesced } from './timers.js';

export interface SettlerDeps {
  session: Pick<Session, 'call'>;
  /** Ends calls that would otherwise be repeated for ever: the worker gives up what it still holds. */
  giveUp: AbortSignal;
  confirm(held: Held, result: SettleResult): void;
  /** The server will not answer for this one: its lease may end. */
  drop(delivery: Delivery): void;
  onError(error: unknown): void;
  /** No call can succeed any more: the client was closed. */
  onFatal(error: unknown): void;
}

const ROUTE: Record<HeldKind, string> = { ack: ROUTES.jobsAck, nack: ROUTES.jobsNack, release: ROUTES.jobsRelease };

/**
 * Holds every result until the server has answered for it.
 *
 * Modes: results are carried `by pull` while pulls go out one after the other: the next one takes with it what is ready.
 * While a pull waits for work or the server is away, or nothing is pulled at all, they are carried `alone`, by calls of
 * their own: one in flight at a time, each taking all that became ready during the one before. The puller moves between
 * the modes. A call is repeated until it is answered: fencing tokens make that safe, so an outage loses no result.
 */
export class Settler {
  readonly #deps: SettlerDeps;
  readonly #wake: () => void;
  #queue: Held[] = [];
  #mode: 'alone' | 'by pull' = 'alone';
  #sending = false;
  #outside = 0;
  #dead = false;
  #onEmpty: (() => void)[] = [];

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
    // After all handlers that end in this turn of the event loop, so that their results share a call.
    this.#wake = coalesced(() => void this.#sendAlone());
  }

  /** Results that the server has not answered for. */
  get unsettled(): number {
    return this.#queue.length + this.#outside;
  }

  /** Results that no call carries yet. */
  get ready(): number {
    return this.#queue.length;
  }

  hold(held: Held): void {
    this.#queue.push(held);
    this.#wake();
  }

  setMode(mode: 'alone' | 'by pull'): void {
    this.#mode = mode;
    if (mode === 'alone' && this.#queue.length > 0) this.#wake();
  }

  /** What the next pull should carry; each must come back through `confirm` or `putBack`. */
  take(kind?: HeldKind): Held[] {
    const { group, rest } = takeGroup(this.#queue.filter(isLive), kind);
    this.#queue = rest;
    this.#outside += group.length;
    this.#left(0);
    return inAnswerOrder(group);
  }

  confirm(group: readonly Held[], results: readonly SettleResult[]): void {
    for (const [index, held] of group.entries()) {
      const result = results[index];
      if (result?.id === held.delivery.job.id) this.#deps.confirm(held, result);
      else this.#drop(held, new Error(`the server's answer misses job ${held.delivery.job.id}`));
    }
    this.#left(group.length);
  }

  putBack(group: readonly Held[]): void {
    this.#queue.unshift(...group);
    this.#left(group.length);
    if (this.#mode === 'alone') this.#wake();
  }

  /** Resolves when the server has answered for everything, or the worker gave up. */
  empty(): Promise<void> {
    if (this.unsettled === 0 || this.#dead || this.#deps.giveUp.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty.push(resolve);
      this.#deps.giveUp.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #sendAlone(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    while (this.#mode === 'alone' && !this.#deps.giveUp.aborted && !this.#dead) {
      const group = this.take(this.#queue.find(isLive)?.kind); // one that was lost meanwhile must not choose the kind
      if (group.length === 0) break;
      await this.#send(group);
    }
    this.#sending = false;
    this.#left(0);
  }

  async #send(group: readonly Held[]): Promise<void> {
    const kind = group[0]?.kind;
    if (kind === undefined) return;
    const startedAt = Date.now();
    const { session, giveUp } = this.#deps;
    const body = (workerId: string) => `{"workerId":${JSON.stringify(workerId)},${encodeGroup(group)}}`;
    try {
      const { settled } = await session.call<SettleResponse>({ path: ROUTE[kind], body, signal: giveUp });
      recordSettles(group, startedAt);
      this.confirm(group, settled);
    } catch (error) {
      if (isRefusal(error)) return this.#refused(group, error);
      this.#dead ||= !giveUp.aborted;
      this.putBack(group);
      if (this.#dead) this.#deps.onFatal(error);
    }
  }

  /** The call as a whole was refused: halves are tried until the culprit stands alone, so that its neighbours settle. */
  async #refused(group: readonly Held[], error: unknown): Promise<void> {
    const [only] = group;
    if (!only) return;
    if (group.length === 1) return this.#giveIn(only, error);
    const middle = group.length >> 1;
    for (const half of [group.slice(0, middle), group.slice(middle)]) {
      for (const kind of ['ack', 'nack', 'release'] as const) await this.#send(half.filter((held) => held.kind === kind));
    }
  }

  /** The server refuses this very result. Its job must not hang until the lease ends, so an ack becomes a failure. */
  #giveIn(held: Held, error: unknown): void {
    if (held.kind === 'ack') {
      this.#deps.onError(error);
      const message = `the server refused the result: ${error instanceof Error ? error.message : String(error)}`;
      this.#queue.push(heldNack(held.delivery, { error: { code: 'result_refused', message }, retryable: false }));
    } else {
      this.#drop(held, error);
    }
    this.#left(1);
    this.#wake();
  }

  #drop({ delivery }: Held, error: unknown): void {
    this.#deps.drop(delivery);
    this.#deps.onError(error);
  }

  #left(count: number): void {
    this.#outside -= count;
    if (this.unsettled > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }
}

/** False once the server has ended the delivery: its result would change nothing. */
const isLive = ({ delivery }: Held): boolean => delivery.mode === 'settling';

/** Spans for the results of one answered call, one for each kind in it. */
export function recordSettles(group: readonly Held[], startedAt: number): void {
  if (!tracer()) return;
  for (const kind of ['ack', 'nack'] as const) {
    const subjects = group.filter((held) => held.kind === kind).map(({ delivery }) => subjectOf(delivery));
    recordCall(kind, startedAt, subjects);
  }
}

const subjectOf = ({ job, span }: Held['delivery']) => ({ id: job.id, handler: job.handler, ...(span?.headers ?? traceOf(job)) });
const traceOf = ({ traceparent }: StageJob) => ({ traceparent });
