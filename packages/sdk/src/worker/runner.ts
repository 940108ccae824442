import { type EventToken, type JobPayloadPage, type Json, type Measure, ROUTES, type StageJob } from '@pipelogiq/protocol';
import type { AnyHandler } from '../handler.js';
import { startProcessSpan, type TaskResult } from '../tracing/process-span.js';
import type { Delivery } from './delivery.js';
import { type Emit, jobInfo } from './events.js';
import { execute, type Outcome } from './execute.js';
import { everyTime } from './failure.js';
import type { ContextWriteText } from './job-context.js';
import { type JobLogLine, type JobPorts, JobView } from './job-view.js';
import type { LogBuffer } from './log-buffer.js';
import type { Middleware } from './middleware.js';
import type { Progress } from './progress.js';
import { isRefusal, type Session } from './session.js';

export interface RunnerDeps {
  handlers: ReadonlyMap<string, AnyHandler>;
  middleware: readonly Middleware[];
  session: Pick<Session, 'call' | 'current'>;
  logs: LogBuffer;
  progress: Progress;
  emit: Emit;
  onError(error: unknown): void;
}

/** Runs the handler of one delivery inside its span. Never rejects; undefined when the handler could not be started. */
export async function runDelivery(deps: RunnerDeps, delivery: Delivery): Promise<Outcome | undefined> {
  try {
    const handler = deps.handlers.get(delivery.job.handler);
    if (!handler) return undefined;
    const job = delivery.job.payloadByReference ? await withPayload(deps.session, delivery) : delivery.job;
    const span = startProcessSpan(job, deps.session.current.workerId);
    delivery.span = span;
    const outcome = await span.run(() => execute(handler, deps.middleware, new JobView(job, new DeliveryPorts(deps, delivery))));
    span.end(taskResult(outcome, delivery), outcome.kind === 'failed' ? outcome.error : undefined);
    return outcome;
  } catch (error) {
    if (!delivery.abortReason) deps.onError(error);
    return undefined;
  }
}

/** What the job of a delivery may do to the outside. */
class DeliveryPorts implements JobPorts {
  readonly #deps: RunnerDeps;
  readonly #delivery: Delivery;

  constructor(deps: RunnerDeps, delivery: Delivery) {
    this.#deps = deps;
    this.#delivery = delivery;
  }

  get signal(): AbortSignal {
    return this.#delivery.signal;
  }

  log(line: JobLogLine): void {
    this.#delivery.hasReports = true;
    this.#deps.logs.add(this.#delivery, line);
    const { level, message, fields } = line;
    this.#deps.emit('job_log', () => [{ job: jobInfo(this.#delivery.job), level, message, fields }]);
  }

  progress(ratio: number, message: string | undefined): Promise<void> {
    this.#delivery.hasReports = true;
    return this.#deps.progress.report(this.#delivery, ratio, message);
  }

  flush(writes: ContextWriteText[], measures: Measure[]): Promise<void> {
    return this.#deps.progress.commit(this.#delivery, writes, measures);
  }

  step<T>(name: string, run: () => Promise<T>): Promise<T> {
    return this.#delivery.span?.step(name, run) ?? run();
  }

  /** Repeated until it is answered: a token that nobody got harms nobody. A stage that is not there will not be there next time. */
  async eventToken(stage: string): Promise<EventToken> {
    const { job, signal } = this.#delivery;
    const path = ROUTES.jobEventToken.replace('{id}', encodeURIComponent(job.id));
    const body = (workerId: string) => ({ workerId, fencingToken: job.fencingToken, stage });
    try {
      return await this.#deps.session.call<EventToken>({ path, body, signal });
    } catch (error) {
      throw isRefusal(error) ? everyTime(error) : error;
    }
  }

  now(): Date {
    return new Date();
  }
}

function taskResult({ kind }: Outcome, { abortReason }: Delivery): TaskResult {
  if (kind === 'completed') return 'success';
  if (kind === 'snoozed') return 'skip';
  if (abortReason?.code === 'timeout') return 'timeout';
  return abortReason ? 'cancellation' : 'failure';
}

/** The job with the outputs and context that were too large to travel with it. */
async function withPayload(session: Pick<Session, 'call'>, delivery: Delivery): Promise<StageJob> {
  const { job, signal } = delivery;
  let outputs: Record<string, Json> = {};
  let context: Record<string, Json> = {};
  let cursor: string | undefined;
  const path = ROUTES.jobPayload.replace('{id}', encodeURIComponent(job.id));
  do {
    const after = cursor;
    const query = (workerId: string) => ({ workerId, fencingToken: job.fencingToken, cursor: after });
    const page = await session.call<JobPayloadPage>({ method: 'GET', path, query, signal });
    outputs = { ...outputs, ...page.outputs }; // not Object.assign, which would run a setter named __proto__
    context = { ...context, ...page.context };
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const dependencies = Object.keys(job.outputHandlers);
  const only = dependencies.length === 1 ? dependencies[0] : undefined;
  return { ...job, outputs, context, previousOutput: (only !== undefined ? outputs[only] : undefined) ?? null };
}
