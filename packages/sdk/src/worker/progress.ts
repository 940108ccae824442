import { type Measure, type ProgressReport, type ProgressResponse, ROUTES, type SettleError } from '@pipelogiq/protocol';
import { LeaseLostError } from '../errors.js';
import type { Delivery } from './delivery.js';
import { type ContextWriteText, encodeWrite } from './job-context.js';
import type { Session } from './session.js';

export interface ProgressDeps {
  session: Pick<Session, 'call'>;
  onLost(delivery: Delivery, error: SettleError): void;
  onError(error: unknown): void;
}

const MESSAGE_CHARS = 1_000;
const REPORTS_PER_CALL = 1_000;
const TRIES = 2;

/**
 * Progress of running jobs on its way to the server. One call is in flight at a time; of the reports that a job makes
 * meanwhile, only the latest goes into the next, which carries those of all jobs. A report is worth no retry for ever:
 * after two tries it is dropped. Context writes and measures are: they are repeated until the server answers or the job ends.
 */
export class Progress {
  readonly #deps: ProgressDeps;
  readonly #waiting = new Map<Delivery, ProgressReport>();
  #sending: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(deps: ProgressDeps) {
    this.#deps = deps;
  }

  /** Resolves when this report, or a later one, has been answered or dropped. Never rejects: nobody needs to await it. */
  report(delivery: Delivery, ratio: number, message: string | undefined): Promise<void> {
    const { id, fencingToken } = delivery.job;
    const report: ProgressReport = { id, fencingToken };
    if (Number.isFinite(ratio)) report.ratio = Math.min(1, Math.max(0, ratio));
    if (message !== undefined) report.message = String(message).slice(0, MESSAGE_CHARS);
    this.#waiting.set(delivery, report);
    return this.flush();
  }

  flush(): Promise<void> {
    if (this.#waiting.size === 0 && !this.#next) return this.#sending;
    this.#next ??= this.#sending.then(() => {
      this.#next = undefined;
      this.#sending = this.#send();
      return this.#sending;
    });
    return this.#next;
  }

  /** @throws LeaseLostError when the server refuses what is written, or what ended the job */
  async commit(delivery: Delivery, writes: readonly ContextWriteText[], measures: readonly Measure[]): Promise<void> {
    const context = writes.length === 0 ? '' : `,"context":[${writes.map(encodeWrite).join(',')}]`;
    const measured = measures.length === 0 ? '' : `,"measures":${JSON.stringify(measures)}`;
    const report = `${delivery.ref.slice(0, -1)}${context}${measured}}`;
    const body = (workerId: string) => `{"workerId":${JSON.stringify(workerId)},"reports":[${report}]}`;
    const { results } = await this.#deps.session.call<ProgressResponse>({
      path: ROUTES.jobsProgress,
      body,
      signal: delivery.signal,
    });
    const [result] = results;
    if (!result || !('error' in result)) return;
    this.#deps.onLost(delivery, result.error);
    throw new LeaseLostError(result.error.message, result.error.code === 'lease_lost' ? { reason: result.error.reason } : {});
  }

  async #send(): Promise<void> {
    const entries = [...this.#waiting].slice(0, REPORTS_PER_CALL);
    for (const [delivery] of entries) this.#waiting.delete(delivery);
    const reports = entries.map(([, report]) => report);
    const body = (workerId: string) => ({ workerId, reports });
    try {
      const { results } = await this.#deps.session.call<ProgressResponse>({ path: ROUTES.jobsProgress, body, tries: TRIES });
      for (const [index, [delivery]] of entries.entries()) {
        const result = results[index];
        if (result && 'error' in result) this.#deps.onLost(delivery, result.error);
      }
    } catch (error) {
      this.#deps.onError(error);
    }
    if (this.#waiting.size > 0) void this.flush();
  }
}
