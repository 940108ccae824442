import type { Transport } from '../transport/transport.js';
import { Worker, type WorkerOptions } from '../worker/worker.js';
import { ApiKeys, Applications, AuditEvents } from './accounts.js';
import { Alerts } from './alerts.js';
import { type EventOptions, type ReceivedEvent, receiveEvents } from './events.js';
import { Hooks } from './hooks.js';
import { Insights } from './insights.js';
import { Observability } from './observability.js';
import { type PipelogiqOptions, transportFor } from './options.js';
import { Pipelines } from './pipelines.js';
import { Schedules } from './schedules.js';
import { Stages } from './stages.js';
import { Workers } from './workers.js';

/**
 * The client of a control plane. Making one does no I/O: credentials are looked up and connections opened with the first
 * call. Keep one for the life of the process; an idle one does not keep the process alive.
 *
 * @example
 * const pipelogiq = new Pipelogiq(); // PIPELOGIQ_URL and PIPELOGIQ_API_KEY, else ./.pipelogiq/credentials
 * const run = await pipelogiq.pipelines.create(order, { orderId: '42' });
 * await pipelogiq.pipelines.waitForSuccess(run.id);
 */
export class Pipelogiq {
  readonly pipelines: Pipelines;
  readonly stages: Stages;
  readonly workers: Workers;
  readonly schedules: Schedules;
  readonly hooks: Hooks;
  readonly insights: Insights;
  readonly observability: Observability;
  readonly alerts: Alerts;
  readonly apiKeys: ApiKeys;
  readonly applications: Applications;
  readonly auditEvents: AuditEvents;
  readonly #transport: Transport;

  /** @throws ConfigurationError for options that do not exist */
  constructor(options: PipelogiqOptions = {}) {
    this.#transport = transportFor(options);
    this.pipelines = new Pipelines(this.#transport);
    this.stages = new Stages(this.#transport);
    this.workers = new Workers(this.#transport);
    this.schedules = new Schedules(this.#transport);
    this.hooks = new Hooks(this.#transport);
    this.insights = new Insights(this.#transport);
    this.observability = new Observability(this.#transport);
    this.alerts = new Alerts(this.#transport);
    this.apiKeys = new ApiKeys(this.#transport);
    this.applications = new Applications(this.#transport);
    this.auditEvents = new AuditEvents(this.#transport);
  }

  /**
   * A worker that pulls and runs stage jobs over this client's connections. It starts with `run()` or `runOnce()`.
   *
   * @example await pipelogiq.worker({ handlers: [chargeWorker], concurrency: 20 }).run();
   */
  worker(options: WorkerOptions): Worker {
    return new Worker({ transport: this.#transport }, options);
  }

  /**
   * Live events of the application, as they are committed. The loop resumes by itself when the connection breaks or the server
   * restarts: no event is missed and none comes twice. When that was not possible, an event of type `reset` comes: read anew what
   * you care for. Needs the scope `read`.
   *
   * @example
   * for await (const event of pipelogiq.events({ types: ['pipeline_failed'] })) {
   *   if (event.type === 'pipeline_failed') console.log(event.pipeline, event.pipelineId);
   * }
   */
  events(options: EventOptions = {}): AsyncGenerator<ReceivedEvent, void, undefined> {
    return receiveEvents(this.#transport, options);
  }

  /** Waits for calls in flight, ends loops over events and closes the connections. Stop workers first. */
  close(): Promise<void> {
    return this.#transport.close();
  }
}
